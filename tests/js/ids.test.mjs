import assert from "node:assert/strict";
import test from "node:test";
import { isAfter } from "../../static/js/streaming/ids.js";

test("ids are ordered by their numbers, not by their letters", () => {
  const ascending = ["", "0-0", "9-0", "10-0", "10-9", "10-10", "1700000000000-0", "1700000000000-18446744073709551615", "1700000000001-0"];
  for (const [low, a] of ascending.entries()) {
    for (const [high, b] of ascending.entries()) assert.equal(isAfter(b, a), high > low, `${b} after ${a}`);
  }
});

test("a sequence may have more digits than a number holds", () => {
  assert.equal(isAfter("1-9007199254740993", "1-9007199254740992"), true);
  assert.equal(isAfter("1-9007199254740992", "1-9007199254740993"), false);
});
