// Names beside lines.
import assert from "node:assert/strict";
import test from "node:test";
import { shortened } from "../../static/js/panels/line_names.js";

test("short names stay as they are", () => {
  assert.deepEqual(shortened(["web-1", "db-1"]), ["web-1", "db-1"]);
  assert.deepEqual(shortened(["length"]), ["length"]);
});

test("what all begin with is left out of long names", () => {
  assert.deepEqual(shortened(["web-frankfurt-01", "web-frankfurt-02"]), ["…-01", "…-02"]);
  assert.deepEqual(shortened(["web-frankfurt-rack-a", "web-frankfurt-disk-b"]), ["…-rack-a", "…-disk-b"]);
});

test("no two labels read alike, and none is longer than there is room for", () => {
  const long = "x".repeat(40);
  for (const names of [
    [`${long}a`, `${long}b`, `${long}ab`],
    [`a${long}`, `b${long}`, `ab${long}`],
    [`${long}1${long}`, `${long}2${long}`],
    ["", "a"],
    ["ab", "a", "b"],
  ]) {
    const short = shortened(names);
    assert.equal(new Set(short).size, names.length, short.join());
    assert.ok(short.every(({ length }) => length <= 22));
  }
});
