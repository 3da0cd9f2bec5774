import assert from "node:assert/strict";
import test from "node:test";
import { levelOf, thresholdOf, WORDS } from "../../static/js/ui/thresholds.js";

test("from where on a figure is too high", () => {
  const cases = [
    ["cpu.percent", 89.9, ""],
    ["cpu.percent", 90, "high"],
    ["cpu.percent", 100, "high"],
    ["memory.percent", 96.9, "high"],
    ["memory.percent", 97, "critical"],
    ["filesystem.percent", 84.9, ""],
    ["filesystem.percent", 85, "high"],
    ["filesystem.percent", 95, "critical"],
    ["cpu.percent", null, ""],
    ["cpu.iowait", 100, ""],
  ];
  for (const [name, value, level] of cases) assert.equal(levelOf(name, value), level, `${name} ${value}`);
});

test("a line stands where the first of the levels begins", () => {
  assert.equal(thresholdOf("memory.percent"), 90);
  assert.equal(thresholdOf("memory.used"), null);
});

test("each level has a word and a mark of its own", () => {
  assert.equal(WORDS[""], "");
  assert.match(WORDS.high, /^\S [a-z]+$/);
  assert.match(WORDS.critical, /^\S [a-z]+$/);
  assert.notEqual(WORDS.high[0], WORDS.critical[0]);
});
