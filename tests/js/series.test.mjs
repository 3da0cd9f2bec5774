import assert from "node:assert/strict";
import test from "node:test";
import { TimeSeries } from "../../static/js/state/series.js";

const row = (values) => new Map(Object.entries(values));

function filled(capacity, count, start = 1) {
  const series = new TimeSeries(capacity);
  for (let time = start; time < start + count; time += 1) series.append(time, row({ a: time }), 1);
  return series;
}

test("columns stay in step when new ones come and old ones stay away", () => {
  const series = new TimeSeries(10);
  series.append(1, row({ a: 1 }), 1);
  series.append(2, row({ b: 2 }), 1);
  assert.deepEqual(series.times, [1, 2]);
  assert.deepEqual(series.columns.get("a"), [1, null]);
  assert.deepEqual(series.columns.get("b"), [null, 2]);
});

test("three cadences are jitter, more are a row of nulls", () => {
  const series = filled(10, 2);
  series.append(5, row({ a: 5 }), 1);
  assert.deepEqual(series.times, [1, 2, 5]);
  series.append(8.1, row({ a: 8 }), 1);
  assert.deepEqual(series.times, [1, 2, 5, 6, 8.1]);
  assert.deepEqual(series.columns.get("a"), [1, 2, 5, null, 8]);
});

test("a clock that was set back replaces what it told", () => {
  const series = filled(10, 5);
  series.append(3, row({ a: 33 }), 1);
  assert.deepEqual(series.times, [1, 2, 3]);
  assert.deepEqual(series.columns.get("a"), [1, 2, 33]);
});

test("it holds hardly more than its capacity, and cuts back to it", () => {
  const series = new TimeSeries(10);
  let most = 0;
  for (let time = 1; time <= 1000; time += 1) {
    series.append(time, row({ a: time }), 1);
    most = Math.max(most, series.times.length);
    assert.equal(series.columns.get("a").length, series.times.length);
  }
  assert.equal(most, 10);
  assert.ok(series.times.length >= 10);
  assert.equal(series.last, 1000);
});

test("a device that is gone leaves no column", () => {
  const series = new TimeSeries(3);
  series.append(1, row({ "devices.sdb": 1 }), 1);
  for (let time = 2; time < 12; time += 1) series.append(time, row({ "devices.sda": 1 }), 1);
  assert.deepEqual([...series.columns.keys()], ["devices.sda"]);
});

test("thousands of columns are not kept", () => {
  const series = new TimeSeries(3);
  series.append(1, row(Object.fromEntries(Array.from({ length: 5000 }, (_, core) => [`cores.${core}`, 1]))), 1);
  assert.equal(series.columns.size, 512);
});

test("replace takes the newest rows, nulls and all, and forgets the rest", () => {
  const series = filled(3, 2);
  series.append(3, row({ old: 1 }), 1);
  series.replace([10, 11, 12, 13], { a: [1, null, 3, 4] });
  assert.deepEqual(series.times, [11, 12, 13]);
  assert.deepEqual([...series.columns], [["a", [null, 3, 4]]]);
});

test("since gives one row before, for a line that reaches the edge", () => {
  const series = filled(10, 5);
  assert.deepEqual(series.since(3, ["a", "none"]), [[2, 3, 4, 5], [2, 3, 4, 5], [null, null, null, null]]);
  assert.deepEqual(series.since(0, ["a"])[0], [1, 2, 3, 4, 5]);
  assert.deepEqual(series.since(99, ["a"])[0], [5]);
  assert.deepEqual(new TimeSeries(3).since(0, ["a"]), [[], []]);
});

/** 20 ticks a second over a window of six hours, and what a table may keep of it: 3,000 rows. */
const FINE = { interval: 0.05, span: (2 * 6 * 3600) / 3000, capacity: 3700 };

test("of a span of time the lowest and the highest are left, in the order in which they came", () => {
  const series = new TimeSeries(100, 10);
  const falling = [5, 9, 7, 1, 3];
  const rising = [4, 0, 6, 8, 2];
  const flat = [3, 3, 3, 3, 3];
  const once = [null, null, 7, null, null];
  falling.forEach((_, n) => series.append(10 + n, row({ a: falling[n], b: rising[n], c: flat[n], d: once[n], e: null }), 1));
  assert.equal(series.times.length, 5, "not before it is over");
  series.append(20, row({ a: 4, b: 4, c: 4, d: 4 }), 3);
  assert.deepEqual(series.times, [10, 14, 20]);
  const columns = Object.fromEntries(series.columns);
  assert.deepEqual(columns, { a: [9, 1, 4], b: [0, 8, 4], c: [3, 3, 4], d: [7, 7, 4], e: [null, null, null] });
});

test("a spike of one sample outlives six hours of twenty a second", () => {
  const { interval, span, capacity } = FINE;
  const series = new TimeSeries(capacity, span);
  const ticks = (6 * 3600) / interval;
  const spikes = [1234, 200_000, 431_000];
  let most = 0;
  for (let tick = 0; tick < ticks; tick += 1) {
    series.append(tick * interval, row({ a: spikes.includes(tick) ? 100 : 5 + (tick % 7), b: spikes.includes(tick + 1) ? -1 : 0 }), interval);
    most = Math.max(most, series.times.length);
  }
  assert.ok(most < 2 * capacity, String(most));
  assert.ok(series.times.length <= 3000 + span / interval, String(series.times.length));
  const column = series.columns.get("a");
  assert.equal(column.filter((value) => value === 100).length, spikes.length);
  assert.equal(series.columns.get("b").filter((value) => value === -1).length, spikes.length);
  column.forEach((value, at) => {
    if (value === 100) assert.ok(spikes.some((tick) => Math.abs(tick * interval - series.times[at]) <= span));
  });
  assert.deepEqual([...series.times].sort((a, b) => a - b), series.times);
});

test("gaps stay gaps, and what is between them is bounded too", () => {
  const { interval, span, capacity } = FINE;
  const series = new TimeSeries(capacity, span);
  const gaps = [];
  let time = 0;
  for (let tick = 0; tick < 20_000; tick += 1) {
    // A connection that breaks for a second again and again, at another place in each span.
    if (tick % 180 === 179) {
      gaps.push(time);
      time += 1;
    }
    series.append(time, row({ a: tick }), interval);
    time += interval;
  }
  const column = series.columns.get("a");
  const breaks = series.times.filter((_, at) => column[at] === null);
  assert.deepEqual(breaks.map((at) => at.toFixed(2)), gaps.map((at) => at.toFixed(2)));
  // Two rows on each side of each gap and for each span, the gap itself, and the newest span.
  const spans = Math.ceil(time / span);
  assert.ok(series.times.length <= 2 * spans + 3 * gaps.length + span / interval, String(series.times.length));
});

test("without a span every sample is kept", () => {
  assert.equal(filled(100, 90).times.length, 90);
});

test("a copy stays as it is", () => {
  const series = filled(10, 3);
  const copy = series.copy();
  series.append(4, row({ a: 4, b: 1 }), 1);
  assert.deepEqual(copy.times, [1, 2, 3]);
  assert.deepEqual([...copy.columns], [["a", [1, 2, 3]]]);
});
