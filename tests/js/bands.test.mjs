import assert from "node:assert/strict";
import test from "node:test";
import { edgesOf, extremes } from "../../static/js/charts/bands.js";
import { bandsOf, onEachOther, withPeak } from "../../static/js/panels/bands.js";
import { TimeSeries } from "../../static/js/state/series.js";
import { percent, rate } from "../../static/js/ui/format.js";

test("a span reaches half way to its neighbours, and alike on both sides of a gap", () => {
  const times = [10, 20, 25, 60];
  const isGap = (row) => row === 2;
  assert.deepEqual(edgesOf(times, 0, isGap), [5, 15]);
  assert.deepEqual(edgesOf(times, 1, isGap), [15, 25]);
  assert.deepEqual(edgesOf(times, 3, isGap), [60, 60]);
});

test("the axis makes room for what is within the edges", () => {
  const bands = [null, { low: [0, 2, null, 1], high: [99, 7, null, 50] }];
  assert.deepEqual(extremes(bands, [10, 20, 25, 30], [], 15, 25), { low: 2, high: 7 });
  assert.deepEqual(extremes([null], [10], [null], 0, 99), { low: Infinity, high: -Infinity });
  assert.deepEqual(extremes([null], [10], [{ times: [1, 5, 9], values: [99, -3, null] }], 3, 9), { low: -3, high: -3 });
});

test("a series has bands where its rows are spans, in step with its columns", () => {
  const series = new TimeSeries(10);
  series.append(1, new Map([["a", 1]]), 1);
  assert.deepEqual(bandsOf(series, 0, ["a"]), [null]);
  series.coarsen(10);
  series.append(2, new Map([["a", 4]]), 1);
  series.append(3, new Map([["a", 8]]), 1);
  assert.deepEqual(bandsOf(series, 0, ["a", "none"]), [{ low: [1, 4], high: [1, 8] }, { low: [null, null], high: [null, null] }]);
});

test("what is stacked lies on what is known of the lines before it", () => {
  const lines = [{ stacked: true }, { stacked: true }, { stacked: true }, {}];
  const drawn = onEachOther(lines, [[1, null, null, 0], [2, 2, null, null], [4, 4, null, 4], [9, null, 9, 9]]);
  assert.deepEqual(drawn, [[1, null, null, 0], [3, 2, null, 0], [7, 6, null, 4], [9, null, 9, 9]]);
});

test("the highest value of a span is told where it is not the mean", () => {
  const band = { low: [3, 5, null], high: [97, 5.001, null] };
  const told = (row, mean, format = percent, of = band) => withPeak(of, row, mean, format).replaceAll("\u00a0", " ");
  assert.equal(told(0, "12 %"), "12 % ↑ 97 %");
  assert.equal(told(1, "5.0\u00a0%"), "5.0 %");
  assert.equal(told(2, "—"), "—");
  assert.equal(told(null, "12 %"), "12 %");
  assert.equal(told(0, "12 %", percent, null), "12 %");
  assert.equal(told(0, "10 B/s", rate, { low: [1], high: [2e6] }), "10 B/s ↑ 2.0 MB/s");
});
