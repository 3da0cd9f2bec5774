import assert from "node:assert/strict";
import test from "node:test";
import * as format from "../../static/js/ui/format.js";
import { formatOf } from "../../static/js/ui/units.js";

const words = (figure) => format.text(figure).replaceAll("\u00a0", " ");
const plain = (text) => text.replaceAll("\u00a0", " ");

const CASES = {
  percent: [[0, "0.0 %"], [9.94, "9.9 %"], [9.95, "10 %"], [100, "100 %"], [null, "—"], [NaN, "—"], [undefined, "—"]],
  rate: [
    [0, "0 B/s"], [999, "999 B/s"], [999.4, "999 B/s"], [999.5, "1.0 kB/s"], [1234, "1.2 kB/s"], [9950, "10 kB/s"],
    [999_499, "999 kB/s"], [999_500, "1.0 MB/s"], [1.25e9, "1.3 GB/s"], [5e15, "5000 TB/s"], [null, "—"],
  ],
  size: [
    [0, "0 B"], [1023, "1.0 KiB"], [1024, "1.0 KiB"], [1536, "1.5 KiB"], [2 ** 30, "1.0 GiB"],
    [999.4 * 2 ** 30, "999 GiB"], [999.6 * 2 ** 30, "1.0 TiB"], [null, "—"],
  ],
  load: [[0, "0.00"], [1.234, "1.23"], [99.94, "99.94"], [99.95, "100"], [null, "—"]],
  count: [[8, "8"], [null, "—"]],
  celsius: [[41.6, "42 °C"], [-3, "-3 °C"], [null, "—"]],
};

for (const [name, cases] of Object.entries(CASES)) {
  test(name, () => {
    for (const [value, expected] of cases) assert.equal(words(format[name](value)), expected, String(value));
  });
}

test("the unit stands beside an unknown figure, too", () => {
  assert.deepEqual(format.rate(null), { number: "—", unit: "kB/s" });
});

test("a figure and its unit are never on two lines", () => {
  assert.ok(!format.text(format.size(1e9)).includes(" "));
  assert.ok(!format.age(5).includes(" "));
});

test("the largest numbers have few digits", () => {
  const cases = [[999_999, "999999"], [1_234_567_890_123, "1.23T"], [1.7e308, "1.70e+308"], [-1e18, "-1.00e+18"]];
  for (const [value, expected] of cases) assert.equal(formatOf("")(value).number, expected);
});

test("terse marks", () => {
  assert.equal(plain(format.terse(format.rate(8e6))), "8 MB/s");
  assert.equal(plain(format.terse(format.rate(2.5e6))), "2.5 MB/s");
});

test("duration", () => {
  const cases = [[59, "0 min"], [60, "1 min"], [3600, "1 h 0 min"], [86_399, "23 h 59 min"], [90_000, "1 d 1 h"], [null, "—"]];
  for (const [seconds, expected] of cases) assert.equal(plain(format.duration(seconds)), expected);
});

test("an age is never rounded up", () => {
  const cases = [
    [-1, "0.0 s"], [0.19, "0.1 s"], [2.99, "2.9 s"], [3, "3 s"], [4.99, "4 s"], [119.9, "119 s"], [120, "2 min"],
    [7199, "119 min"], [7200, "2 h"], [172_799, "47 h"], [172_800, "2 d"],
  ];
  for (const [seconds, expected] of cases) assert.equal(plain(format.age(seconds)), expected);
});

test("a clock has one form", () => {
  assert.equal(format.clock(NaN), "--:--:--");
  for (const time of [1e300, -1e300, 8.7e12]) assert.deepEqual([format.clock(time), format.minute(time), format.moment(time)], ["--:--:--", "—", "—"]);
  assert.match(format.clock(1_700_000_000), /^\d\d:\d\d:20$/);
  assert.match(format.minute(1_700_000_000), /^\d\d:\d\d$/);
  assert.match(format.day(1_700_000_000), /^1[45] Nov$/);
  assert.equal(format.month(1_700_000_000), "Nov 2023");
});

test("an address may choose twelve hours and degrees Fahrenheit", () => {
  const evening = new Date(2026, 10, 20, 18, 56, 3).getTime() / 1000;
  assert.deepEqual(format.celsius(25), { number: "25", unit: "°C" });
  format.chooseUnits(["F", "12h"]);
  assert.deepEqual(format.celsius(25), { number: "77", unit: "°F" });
  assert.equal(format.celsius(null).number, "—");
  assert.match(format.clock(evening), /^6:56:03\sPM$/);
  assert.match(format.minute(evening), /^6:56\sPM$/);
  assert.match(format.moment(evening), /20 Nov 2026, 0?6:56\spm/i);
});
