// Machines that sample at moments of their own, on one axis.
import assert from "node:assert/strict";
import test from "node:test";
import { align } from "../../static/js/state/align.js";

test("each step has a machine's last figure in it, and what came before the axis is left out", () => {
  const series = [
    { times: [99.9, 100.01, 101.02, 101.9, 102.03], values: [0, 1, 2, 3, 4], cadence: 1 },
    { times: [100.5, 101.5, 102.5], values: [7, 8, 9], cadence: 1 },
  ];
  assert.deepEqual(align(series, 100, 102, 1), [[100, 101, 102], [1, 3, 4], [7, 8, 9]]);
});

test("a step without a sample is bridged, a silence is not", () => {
  const series = [{ times: [0, 2, 8], values: [1, 2, 3], cadence: 1 }];
  assert.deepEqual(align(series, 0, 9, 1)[1], [1, 1, 2, 2, 2, 2, null, null, 3, 3]);
  assert.deepEqual(align([{ times: [0, 1, 2], values: [1, null, null], cadence: 1 }], 0, 3, 1)[1], [1, null, null, null]);
  assert.deepEqual(align([{ times: [], values: [], cadence: 1 }], 0, 1, 1), [[0, 1], [null, null]]);
});

test("a machine that is sampled more seldom than the steps has its own time to be late", () => {
  const series = [{ times: [0, 4, 7, 8], values: [1, 2, null, 3], cadence: 2 }];
  assert.deepEqual(align(series, 0, 15, 1)[1], [1, 1, 1, 1, 2, 2, 2, null, 3, 3, 3, 3, 3, 3, 3, null]);
});

test("without a span, or without a step, there are no rows", () => {
  const series = [{ times: [1, 2], values: [3, 4], cadence: 1 }];
  for (const [from, to, step] of [[5, 5, 0], [0, 10, 0], [NaN, 10, 1], [0, Infinity, 1], [0, 10, NaN], [-Infinity, 10, 1]]) {
    assert.deepEqual(align(series, from, to, step), [[], []], `${from} ${to} ${step}`);
  }
});
