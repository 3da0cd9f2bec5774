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
  series.replace({ time: [10, 11, 12, 13], mean: { a: [1, null, 3, 4], b: [1, 1, 1, 1] } }, (key) => key !== "b");
  assert.deepEqual(series.times, [11, 12, 13]);
  assert.deepEqual([...series.columns], [["a", [null, 3, 4]]]);
  assert.equal(series.bands, null);
});

test("since gives one row before, for a line that reaches the edge", () => {
  const series = filled(10, 5);
  assert.deepEqual(series.since(3, ["a", "none"]), [[2, 3, 4, 5], [2, 3, 4, 5], [null, null, null, null]]);
  assert.deepEqual(series.since(0, ["a"])[0], [1, 2, 3, 4, 5]);
  assert.deepEqual(series.since(99, ["a"])[0], [5]);
  assert.deepEqual(new TimeSeries(3).since(0, ["a"]), [[], []]);
});

/** Rows as [time, lowest, mean, highest] of a column. */
const spans = ({ times, columns, bands }, key) => times.map((time, at) => [time, bands.low.get(key)[at], columns.get(key)[at], bands.high.get(key)[at]]);

test("of a span the mean is left, and the lowest and the highest", () => {
  const series = new TimeSeries(100, 10);
  for (const [time, a, b] of [[10, 5, 1], [12, 9, null], [14, 1, 3]]) series.append(time, row({ a, b }), 3);
  assert.deepEqual(spans(series, "a"), [[12, 1, 5, 9]]);
  assert.deepEqual(spans(series, "b"), [[12, 1, 2, 3]]);
  assert.equal(series.last, 14, "the newest sample's time, not the row's");
  series.append(21, row({ a: 4 }), 3);
  assert.deepEqual(spans(series, "a"), [[12, 1, 5, 9], [21, 4, 4, 4]]);
});

test("history's spans go on with what comes, as if each of their samples were known", () => {
  const series = new TimeSeries(100);
  series.replace({ span: 10, time: [100, 110], mean: { a: [5, 6] }, low: { a: [1, 2] }, high: { a: [9, 9] } }, undefined, 113, 1);
  assert.deepEqual(spans(series, "a"), [[105, 1, 5, 9], [111.5, 2, 6, 9]]);
  series.append(114, row({ a: 11 }), 1);
  assert.deepEqual(spans(series, "a")[1], [112, 2, 7, 11], "four samples of 6, and one of 11");
  series.append(120, row({ a: 3 }), 2);
  assert.deepEqual(spans(series, "a")[2], [120, 3, 3, 3]);
});

test("samples become spans once they are too many", () => {
  const series = filled(100, 3);
  series.coarsen(10);
  series.append(4, row({ a: 4 }), 1);
  series.append(5, row({ a: 8, b: 1 }), 1);
  assert.deepEqual(spans(series, "a").slice(2), [[3, 3, 3, 3], [4.5, 4, 6, 8]]);
  assert.deepEqual(spans(series, "b").at(-1), [4.5, 1, 1, 1]);
  const older = new TimeSeries(100);
  older.append(-9, row({ a: 7 }), 1);
  series.keep(older, -9, 9, 1);
  assert.deepEqual(spans(series, "a")[0], [-9, 7, 7, 7]);
});

/** @returns {(below: number) => number} the same whole numbers in each run */
function dice(seed = 7) {
  return (below) => (seed = (seed * 16807) % 2147483647) % below;
}

/** Samples of a series that has them as they are: [time, figure]; and the times of its rows of nulls. */
function parts({ times, columns }) {
  const rows = times.map((time, at) => [time, columns.get("a")?.[at] ?? null]);
  return [rows.filter(([, value]) => value !== null), rows.filter(([, value]) => value === null).map(([time]) => time)];
}

test("each sample that one of two series has is kept once, in order, and lines are broken where nothing was", () => {
  const random = dice();
  for (let round = 0; round < 500; round += 1) {
    const [older, series] = [new TimeSeries(200), new TimeSeries(200)];
    const [from, to] = [random(60), 60 + random(60)];
    const [alone, both] = [random(10), random(10)];
    const wanted = [];
    for (let time = 1 + random(3) / 10; time < 100; time += random(20) ? 1 + random(5) / 100 : 1 + random(12)) {
      const [isShown, isTold] = [random(10) < alone, random(10) < both];
      const published = time + 0.0004; // of which history has the milliseconds
      if (isShown) older.append(published, row({ a: time }), 1);
      if (isTold) series.append(time, row({ a: -time }), 1);
      if (isTold) wanted.push([time, -time]);
      else if (isShown && published >= from && published <= to) wanted.push([published, time]);
    }
    series.keep(older, from, to, 1);
    const [samples, breaks] = parts(series);
    assert.deepEqual(samples, wanted);
    const silences = wanted.filter(([time], at) => at > 0 && time - wanted[at - 1][0] > 3);
    assert.equal(breaks.length, silences.length);
    silences.forEach(([time], at) => assert.ok(breaks[at] < time && wanted.findLast((each) => each[0] < breaks[at])[0] >= breaks[at] - 1.0001));
    assert.deepEqual(series.times, series.times.toSorted((a, b) => a - b));
    // What came by the stream goes on behind it.
    series.append(130, row({ a: 1 }), 1);
    assert.equal(series.last, 130);
  }
});

test("of two series together no more is kept than there is room for, and the newest", () => {
  const [older, series] = [filled(50, 50), filled(50, 30, 41)];
  series.keep(older, 0, 99, 1);
  assert.deepEqual(series.times, Array.from({ length: 50 }, (_, at) => 21 + at));
  assert.equal(series.columns.get("a").length, 50);
});

test("rows of an older series come between others in one pass: none moves those behind it", () => {
  const [older, series] = [1, 0].map((odd) => {
    const series = new TimeSeries(4000);
    const time = Array.from({ length: 2000 }, (_, at) => 2 * at + odd);
    series.replace({ time, mean: Object.fromEntries(Array.from({ length: 512 }, (_, core) => [`cores.${core}`, time])) });
    // No row can be inserted.
    [series.times, ...series.columns.values()].forEach(Object.freeze);
    return series;
  });
  series.keep(older, 0, 9999, 1);
  const times = Array.from({ length: 4000 }, (_, at) => at);
  assert.deepEqual(series.times, times);
  assert.deepEqual(series.columns.get("cores.511"), times);
});

test("what a span covers is not kept beside it, whichever of two series has the spans", () => {
  const random = dice();
  for (let round = 0; round < 200; round += 1) {
    const span = 10 * (1 + random(2));
    const widths = [[0, span], [span, 0], [span, span]][round % 3];
    const [older, series] = widths.map((width) => new TimeSeries(500, width));
    const gap = 100 + random(100);
    const end = gap + 50 + random(49);
    for (let time = 1 + random(10); time < 300; time += 1) {
      older.append(time, row({ a: time }), 1);
      if (time < gap || time > end) series.append(time, row({ a: time }), 1);
    }
    const told = [...series.times].filter((_, at) => series.columns.get("a")[at] !== null);
    series.keep(older, 0, 999, 1);
    const [samples] = parts(series);
    const times = samples.map(([time]) => time);
    const reach = Math.max(...widths) / 2;
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    assert.deepEqual(told.filter((time) => !times.includes(time)), [], "all of its own");
    const added = times.filter((time) => !told.includes(time));
    for (const time of added) assert.ok(told.every((each) => Math.abs(each - time) > reach), `${time} twice`);
    for (const [time] of parts(older)[0]) assert.ok(times.some((each) => Math.abs(each - time) <= reach + 0.001), `${time} lost`);
    assert.ok(added.length >= (widths[0] ? (end - gap) / span - 2 : end - gap - span - 1), `${added.length} of ${end - gap}`);
    const inside = series.times.filter((time, at) => series.columns.get("a")[at] === null && time > 12);
    assert.deepEqual(inside, [], "no gap is left");
  }
});

test("a span that is not over yet goes on with what comes, also where it is kept from an older series", () => {
  const [older, series] = [new TimeSeries(100, 10), filled(100, 5)];
  series.span = 10;
  for (const time of [20, 21, 22]) older.append(time, row({ a: time }), 1);
  series.keep(older, 0, 99, 1);
  assert.equal(series.last, 22);
  series.append(23, row({ a: 3 }), 1);
  assert.deepEqual(spans(series, "a").slice(-2), [[5, 5, 5, 5], [21.5, 3, 16.5, 22]]);
  // A sample behind one has a row of its own, and what comes then has the next.
  series.keep(filled(100, 1, 60), 0, 99, 1);
  series.append(61, row({ a: 61 }), 1);
  assert.deepEqual(spans(series, "a").slice(-3), [[22.5, null, null, null], [60, 60, 60, 60], [61, 61, 61, 61]]);
});

test("a late sample widens its span", () => {
  const series = new TimeSeries(100, 10);
  for (const time of [10, 11, 19, 20, 21]) series.append(time, row({ a: 5 }), 5);
  assert.equal(series.insert(12, row({ a: 50 }), 5), true);
  assert.deepEqual(spans(series, "a"), [[14.5, 5, 5, 50], [20.5, 5, 5, 5]]);
});

test("a late sample between two spans breaks no line", () => {
  const series = new TimeSeries(100, 10);
  for (const time of [0, 1, 9, 30, 31]) series.append(time, row({ a: 5 }), 10);
  assert.equal(series.insert(18, row({ a: 50 }), 1), true);
  assert.deepEqual(spans(series, "a"), [[4.5, 5, 5, 5], [18, 50, 50, 50], [30.5, 5, 5, 5]]);
});

test("a spike of one sample outlives six hours of twenty a second", () => {
  const [interval, span, capacity] = [0.05, 72, 1300];
  const series = new TimeSeries(capacity, span);
  const ticks = (6 * 3600) / interval;
  const spikes = [1234, 200_000, 431_000];
  for (let tick = 0; tick < ticks; tick += 1) series.append(tick * interval, row({ a: spikes.includes(tick) ? 100 : 5 + (tick % 7) }), interval);
  assert.ok(series.times.length <= 301, String(series.times.length));
  const high = series.bands.high.get("a");
  assert.equal(high.filter((value) => value === 100).length, spikes.length);
  high.forEach((value, at) => {
    if (value === 100) assert.ok(spikes.some((tick) => Math.abs(tick * interval - series.times[at]) <= span / 2));
  });
  assert.ok(series.columns.get("a").every((value) => Math.abs(value - 8) < 0.2), "and the mean is the true one");
});

test("gaps stay gaps, and what is between them is bounded too", () => {
  const [interval, span] = [0.05, 14.4];
  const series = new TimeSeries(3700, span);
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
  assert.ok(series.times.length <= Math.ceil(time / span) + 2 * gaps.length, String(series.times.length));
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
