import assert from "node:assert/strict";
import test from "node:test";
import { LEAST_RATE, mirrored, percentMarks, roundUp, spread } from "../../static/js/charts/scale.js";

test("round ends leave room, but not half the chart", () => {
  for (let value = 1; value < 1e12; value *= 1.07) {
    const end = roundUp(value, 1);
    assert.ok(end >= value * 1.05, `${value} ends at ${end}`);
    assert.ok(end <= value * 1.05 * 1.51, `${value} ends at ${end}`);
    const digits = Number(end.toExponential().split("e")[0]);
    assert.ok([1, 1.5, 2, 3, 4, 5, 6, 8].includes(digits), `${value} ends at ${end}`);
  }
});

test("an idle axis has a least end", () => {
  assert.equal(roundUp(0, LEAST_RATE), 10_000);
  assert.equal(roundUp(9000, LEAST_RATE), 10_000);
  assert.equal(roundUp(9900, LEAST_RATE), 15_000);
});

test("two directions share a measure, and the quieter one keeps room", () => {
  assert.deepEqual(mirrored(null, null), [-10_000, 10_000]);
  assert.deepEqual(mirrored(0, 7e6), [-2e6, 8e6]);
  assert.deepEqual(mirrored(-7e6, 0), [-8e6, 2e6]);
  assert.deepEqual(mirrored(-5e6, 7e6), [-6e6, 8e6]);
});

test("low plots have few marks", () => {
  assert.deepEqual(percentMarks(4), [0, 50, 100]);
  assert.deepEqual(percentMarks(12), [0, 25, 50, 75, 100]);
});

test("what has room is left where it belongs", () => {
  assert.deepEqual(spread([10, 50, 90], 10, 200), [10, 50, 90]);
  assert.deepEqual(spread([90, 10], 10, 200), [90, 10], "in the order in which it was asked for");
  assert.deepEqual(spread([], 10, 200), []);
});

test("what would cover each other is moved apart, in the order of the lines", () => {
  assert.deepEqual(spread([50, 50], 10, 200), [50, 60]);
  assert.deepEqual(spread([55, 50, 52], 10, 200), [70, 50, 60]);
});

test("nothing leaves the room, as long as all of it fits", () => {
  assert.deepEqual(spread([-20, 300], 10, 100), [0, 90]);
  for (let trial = 0; trial < 500; trial += 1) {
    const wanted = Array.from({ length: 1 + (trial % 5) }, (_, at) => ((trial * 7919 + at * 104_729) % 140) - 20);
    const places = spread(wanted, 20, 100);
    const sorted = [...places].sort((a, b) => a - b);
    assert.ok(sorted[0] >= 0 && sorted.at(-1) <= 80, `${wanted}: ${places}`);
    sorted.slice(1).forEach((place, at) => assert.ok(place - sorted[at] >= 20, `${wanted}: ${places}`));
  }
});
