import assert from "node:assert/strict";
import test from "node:test";
import { Table } from "../../static/js/table.js";

const row = (values) => new Map(Object.entries(values));

function filled(capacity, count, start = 1) {
  const table = new Table(capacity);
  for (let time = start; time < start + count; time += 1) table.append(time, row({ a: time }), 1);
  return table;
}

test("columns stay in step when new ones come and old ones stay away", () => {
  const table = new Table(10);
  table.append(1, row({ a: 1 }), 1);
  table.append(2, row({ b: 2 }), 1);
  assert.deepEqual(table.times, [1, 2]);
  assert.deepEqual(table.columns.get("a"), [1, null]);
  assert.deepEqual(table.columns.get("b"), [null, 2]);
});

test("three cadences are jitter, more are a row of nulls", () => {
  const table = filled(10, 2);
  table.append(5, row({ a: 5 }), 1);
  assert.deepEqual(table.times, [1, 2, 5]);
  table.append(8.1, row({ a: 8 }), 1);
  assert.deepEqual(table.times, [1, 2, 5, 6, 8.1]);
  assert.deepEqual(table.columns.get("a"), [1, 2, 5, null, 8]);
});

test("a clock that was set back replaces what it told", () => {
  const table = filled(10, 5);
  table.append(3, row({ a: 33 }), 1);
  assert.deepEqual(table.times, [1, 2, 3]);
  assert.deepEqual(table.columns.get("a"), [1, 2, 33]);
});

test("it never holds twice its capacity, and cuts back to it", () => {
  const table = new Table(10);
  let most = 0;
  for (let time = 1; time <= 1000; time += 1) {
    table.append(time, row({ a: time }), 1);
    most = Math.max(most, table.times.length);
    assert.equal(table.columns.get("a").length, table.times.length);
  }
  assert.equal(most, 19);
  assert.ok(table.times.length >= 10);
  assert.equal(table.last, 1000);
});

test("a device that is gone leaves no column", () => {
  const table = new Table(3);
  table.append(1, row({ "devices.sdb": 1 }), 1);
  for (let time = 2; time < 12; time += 1) table.append(time, row({ "devices.sda": 1 }), 1);
  assert.deepEqual([...table.columns.keys()], ["devices.sda"]);
});

test("thousands of columns are not kept", () => {
  const table = new Table(3);
  table.append(1, row(Object.fromEntries(Array.from({ length: 5000 }, (_, core) => [`cores.${core}`, 1]))), 1);
  assert.equal(table.columns.size, 512);
});

test("replace takes the newest rows, nulls and all, and forgets the rest", () => {
  const table = filled(3, 2);
  table.append(3, row({ old: 1 }), 1);
  table.replace([10, 11, 12, 13], { a: [1, null, 3, 4] });
  assert.deepEqual(table.times, [11, 12, 13]);
  assert.deepEqual([...table.columns], [["a", [null, 3, 4]]]);
});

test("since gives one row before, for a line that reaches the edge", () => {
  const table = filled(10, 5);
  assert.deepEqual(table.since(3, ["a", "none"]), [[2, 3, 4, 5], [2, 3, 4, 5], [null, null, null, null]]);
  assert.deepEqual(table.since(0, ["a"])[0], [1, 2, 3, 4, 5]);
  assert.deepEqual(table.since(99, ["a"])[0], [5]);
  assert.deepEqual(new Table(3).since(0, ["a"]), [[], []]);
});
