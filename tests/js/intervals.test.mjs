// How often machines are sampled: what they say, what the server says, and what is supposed.
import assert from "node:assert/strict";
import test from "node:test";
import { Intervals } from "../../static/js/state/intervals.js";

function make() {
  const intervals = new Intervals(1);
  const cadences = { cpu: 2, filesystem: 7, news: 3 };
  intervals.greet({ time: 100, interval: 2, cadences, slow: { filesystem: 10, system: 60 }, intervals: { far: 10 } });
  return intervals;
}

test("what a machine says goes before what the server says, and that before what is supposed", () => {
  const intervals = make();
  assert.deepEqual(["far", "box", "toString"].map((host) => intervals.interval(host)), [10, 2, 2]);
  assert.deepEqual(["far", "box", "toString"].map((host) => intervals.knows(host)), [true, false, false]);
  assert.equal(intervals.hear({ host: "far", interval: 5 }), true);
  assert.equal(intervals.hear({ host: "far", interval: 5 }), false);
  assert.equal(intervals.hear({ host: "box", interval: 2 }), false);
  assert.deepEqual([intervals.interval("far"), intervals.knows("box")], [5, true]);
  // A hello may be older than what was said since.
  intervals.greet({ time: 101, interval: 2, intervals: {} });
  assert.equal(intervals.interval("far"), 5);
  intervals.hear({ host: "far", interval: null });
  assert.equal(intervals.interval("far"), 2);
});

test("what cannot be an interval is none", () => {
  const intervals = make();
  for (const interval of [0, -1, NaN, Infinity, 3601, "5", [5], undefined]) assert.equal(intervals.hear({ host: "box", interval }), false, String(interval));
  assert.equal(intervals.hear({ interval: 5 }), false);
  intervals.greet({ time: 101, interval: 2, intervals: { box: -3 } });
  assert.equal(intervals.interval("box"), 2);
});

test("a machine with the server's interval has the server's cadences, any other has the sampler's rule", () => {
  const intervals = make();
  assert.deepEqual(["cpu", "filesystem", "news"].map((event) => intervals.cadence("box", event)), [2, 7, 3]);
  assert.deepEqual(["cpu", "filesystem", "system", "news"].map((event) => intervals.cadence("far", event)), [10, 10, 60, 10]);
  assert.deepEqual([intervals.patience("far", "cpu"), intervals.patience("box", "cpu")], [30, 6]);
  intervals.hear({ host: "far", interval: 0.1 });
  assert.equal(intervals.patience("far", "cpu"), 1, "delivery takes a moment, too");
});
