import assert from "node:assert/strict";
import test from "node:test";
import { calledIn, shortName, shortened, withoutDomains } from "../../static/js/ui/names.js";

test("a long name keeps its beginning and its end", () => {
  assert.equal(shortName("web-1", 20), "web-1");
  assert.equal(shortName("web-frankfurt-01", 13), "web-fr…urt-01");
  const names = ["web-frankfurt-01.compute.internal", "web-frankfurt-02.compute.internal"];
  for (const most of [3, 12, 13, 20]) for (const name of names) assert.equal([...shortName(name, most)].length, most);
  assert.equal(shortName("🐧🐧🐧🐧🐧🐧", 3), "🐧…🐧");
});

test("machines go without their domain, unless two would read alike", () => {
  const short = (...names) => [...withoutDomains(names).values()];
  assert.deepEqual(short("web-1.compute.internal", "web-2.compute.internal", "box"), ["web-1", "web-2", "box"]);
  assert.deepEqual(short("web.eu.example", "web.us.example", "db.eu.example"), ["web.eu.example", "web.us.example", "db"]);
  assert.deepEqual(short("10.0.0.1"), ["10.0.0.1"]);
});

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

test("machines are called by what tells them apart, if there is no room for more", () => {
  const fleet = ["web-10.example.com", "web-11.example.com", "web-1.example.com"];
  const short = (names, most) => [...calledIn(names, ({ length }) => length <= most).values()];
  assert.deepEqual(short(fleet, 6), ["web-10", "web-11", "web-1"]);
  assert.deepEqual(short(fleet, 5), ["…-10", "…-11", "…-1"]);
  assert.deepEqual(short(["web-frankfurt-1", "web-frankfurt-2"], 12), ["web-fr…urt-1", "web-fr…urt-2"]);
  assert.deepEqual(short(["web-frankfurt-1-a", "web-frankfurt-2-a"], 9), ["…-1-a", "…-2-a"]);
  assert.deepEqual(short(["web-a-01", "web-b-01", "db-01"], 5), ["…a-01", "…b-01", "db-01"]);
});
