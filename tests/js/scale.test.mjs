import assert from "node:assert/strict";
import test from "node:test";
import { LEAST_RATE, mirrored, percentMarks, roundUp } from "../../static/js/scale.js";

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
