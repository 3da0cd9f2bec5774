import assert from "node:assert/strict";
import test from "node:test";
import { fileName, join, toCsv, toJson } from "../../static/js/desk/download.js";

const cpu = { event: "cpu", times: [10, 11, 12], columns: [["percent", [1, 2.5, null]], ["cores.0", [3, 4, 5]]] };
const load = { event: "load", times: [11, 12.5], columns: [["load1", [0.5, 0.25]]] };

test("families are joined by time", () => {
  assert.deepEqual(join([cpu, load], 0, 100), {
    names: ["cpu.percent", "cpu.cores.0", "load.load1"],
    times: [10, 11, 12, 12.5],
    columns: [[1, 2.5, null, null], [3, 4, 5, null], [null, 0.5, null, 0.25]],
  });
});

test("only what is shown, edges included", () => {
  assert.deepEqual(join([cpu, load], 11, 12).times, [11, 12]);
  assert.deepEqual(join([cpu, load], 11, 12).columns, [[2.5, null], [4, 5], [0.5, null]]);
  assert.deepEqual(join([cpu], 20, 30), { names: ["cpu.percent", "cpu.cores.0"], times: [], columns: [[], []] });
  assert.deepEqual(join([], 0, 1), { names: [], times: [], columns: [] });
});

test("a gap stays a row without figures", () => {
  const sheet = join([{ event: "cpu", times: [1, 2, 9], columns: [["percent", [5, null, 6]]] }], 0, 10);
  assert.equal(toCsv(sheet).split("\r\n")[2], "1970-01-01T00:00:02.000Z,2,");
});

test("CSV as RFC 4180 has it", () => {
  const text = toCsv(join([cpu, load], 11, 12));
  assert.equal(
    text,
    "time,seconds,cpu.percent,cpu.cores.0,load.load1\r\n" +
      "1970-01-01T00:00:11.000Z,11,2.5,4,0.5\r\n" +
      "1970-01-01T00:00:12.000Z,12,,5,\r\n",
  );
});

test("names with commas, quotes and new lines stay one cell", () => {
  const columns = ["a,b", 'say "x"', "two\nlines", "plain"].map((name) => [name, [1]]);
  const [head] = toCsv(join([{ event: "disk", times: [1], columns }], 0, 2)).split("\r\n");
  assert.equal(head, 'time,seconds,"disk.a,b","disk.say ""x""","disk.two\nlines",disk.plain');
});

test("zero is a figure, and null is none", () => {
  const sheet = join([{ event: "cpu", times: [1795330000.123], columns: [["percent", [0]], ["steal", [null]]] }], 0, 2e9);
  assert.match(toCsv(sheet), /2026-11-22T06:46:40\.123Z,1795330000\.123,0,\r\n$/);
});

test("JSON has the same columns, and what has no columns", () => {
  const about = { host: "box", from: 10, to: 12, latest: { processes: { count: 3 } } };
  const told = JSON.parse(toJson(about, join([cpu], 10, 12)));
  assert.deepEqual(told, {
    host: "box",
    from: "1970-01-01T00:00:10.000Z",
    to: "1970-01-01T00:00:12.000Z",
    columns: {
      time: ["1970-01-01T00:00:10.000Z", "1970-01-01T00:00:11.000Z", "1970-01-01T00:00:12.000Z"],
      seconds: [10, 11, 12],
      "cpu.percent": [1, 2.5, null],
      "cpu.cores.0": [3, 4, 5],
    },
    latest: { processes: { count: 3 } },
  });
});

test("a file's name is one on every system", () => {
  assert.equal(fileName("web-1", 1795330000.7, "csv"), "web-1-2026-11-22T06-46-40Z.csv");
});

test("a day of many columns is joined in no time", () => {
  const times = Array.from({ length: 7400 }, (_, index) => index);
  const part = (event) => ({ event, times, columns: Array.from({ length: 100 }, (_, core) => [`cores.${core}`, times]) });
  const sheet = join([part("cpu"), part("gpu")], 0, 1e9);
  assert.equal(sheet.columns.length, 200);
  assert.equal(sheet.columns[199][7399], 7399);
});
