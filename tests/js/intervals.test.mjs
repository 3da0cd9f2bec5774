// How often machines are sampled: what they say, what the server says, and what is supposed.
import assert from "node:assert/strict";
import test from "node:test";
import { Paces } from "../../static/js/state/intervals.js";

function make() {
  const paces = new Paces(1);
  paces.greet({ time: 100, interval: 2, cadences: { cpu: 2, filesystem: 7, news: 3 }, intervals: { far: 10 } });
  return paces;
}

test("what a machine says goes before what the server says, and that before what is supposed", () => {
  const paces = make();
  assert.deepEqual(["far", "box", "toString"].map((host) => paces.interval(host)), [10, 2, 2]);
  assert.deepEqual(["far", "box", "toString"].map((host) => paces.knows(host)), [true, false, false]);
  assert.equal(paces.hear({ host: "far", interval: 5 }), true);
  assert.equal(paces.hear({ host: "far", interval: 5 }), false);
  assert.equal(paces.hear({ host: "box", interval: 2 }), false);
  assert.deepEqual([paces.interval("far"), paces.knows("box")], [5, true]);
  // A hello may be older than what was said since.
  paces.greet({ time: 101, interval: 2, intervals: {} });
  assert.equal(paces.interval("far"), 5);
  paces.hear({ host: "far", interval: null });
  assert.equal(paces.interval("far"), 2);
});

test("what cannot be an interval is none", () => {
  const paces = make();
  for (const interval of [0, -1, NaN, Infinity, 3601, "5", [5], undefined]) assert.equal(paces.hear({ host: "box", interval }), false, String(interval));
  assert.equal(paces.hear({ interval: 5 }), false);
  paces.greet({ time: 101, interval: 2, intervals: { box: -3 } });
  assert.equal(paces.interval("box"), 2);
});

test("a machine with the server's interval has the server's cadences, any other has the sampler's rule", () => {
  const paces = make();
  assert.deepEqual(["cpu", "filesystem", "news"].map((event) => paces.cadence("box", event)), [2, 7, 3]);
  assert.deepEqual(["cpu", "filesystem", "system", "news"].map((event) => paces.cadence("far", event)), [10, 10, 60, 10]);
  assert.deepEqual([paces.patience("far", "cpu"), paces.patience("box", "cpu")], [30, 6]);
  paces.hear({ host: "far", interval: 0.1 });
  assert.equal(paces.patience("far", "cpu"), 1, "delivery takes a moment, too");
});
