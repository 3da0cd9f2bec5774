import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { compareLevels, levelOf, rulesOf, shownLevel, thresholdOf } from "../../static/js/ui/thresholds.js";

const RULES = [
  { name: "busy", figure: "cpu.percent", sign: ">", limit: 90, level: "warning" },
  { name: "full", figure: "memory.percent", sign: ">=", limit: 90, level: "warning" },
  { name: "fuller", figure: "memory.percent", sign: ">=", limit: 97, level: "critical" },
  { name: "disk", figure: "filesystem.mounts.*.percent", sign: ">=", limit: 85, level: "warning" },
  { name: "hot", figure: "sensors.temperatures.*.celsius", sign: ">=", limit_field: "high", level: "critical" },
  { name: "left", figure: "memory.available", sign: "<", limit: 1000, level: "info" },
];

test("a level comes from the gravest rule that a value breaks", () => {
  const cases = [
    ["cpu.percent", null, 90, ""],
    ["cpu.percent", null, 90.1, "warning"],
    ["memory.percent", null, 90, "warning"],
    ["memory.percent", null, 97, "critical"],
    ["filesystem.mounts./home.percent", null, 85, "warning"],
    ["filesystem.mounts.*.percent", null, 85, "warning"],
    ["filesystem.percent", null, 85, ""],
    ["filesystem.mounts.percent", null, 85, ""],
    ["sensors.temperatures.cpu.celsius", { high: 80 }, 80, "critical"],
    ["sensors.temperatures.cpu.celsius", { high: null }, 200, ""],
    ["sensors.temperatures.cpu.celsius", null, 200, ""],
    ["memory.available", null, 999, "info"],
    ["memory.available", null, 1000, ""],
    ["cpu.percent", null, null, ""],
    ["cpu.percent", null, NaN, ""],
    ["cpu.iowait", null, 100, ""],
  ];
  for (const [name, item, value, level] of cases) assert.equal(levelOf(name, item, value, RULES), level, `${name} ${value}`);
});

test("levels are those of the server, by one table of cases", () => {
  const table = JSON.parse(fs.readFileSync(new URL("../support/level_cases.json", import.meta.url), "utf8"));
  assert.ok(table.length > 20);
  for (const { figure, item, value, rules, level } of table) assert.equal(levelOf(figure, item, value, rulesOf({ rules })), level, JSON.stringify([figure, item, value, rules]));
});

test("a machine without rules has no level", () => {
  assert.equal(levelOf("cpu.percent", null, 100, []), "");
  assert.deepEqual(rulesOf(null), []);
  assert.deepEqual(rulesOf({ rules: "x" }), []);
  assert.deepEqual(rulesOf({ rules: [null, 3, {}, { figure: "a.b", sign: ">", limit: 1, level: "grave" }, RULES[0]] }), [RULES[0]]);
});

test("a line stands where the first of the levels begins", () => {
  assert.equal(thresholdOf("memory.percent", RULES), 90);
  assert.equal(thresholdOf("memory.available", RULES), 1000);
  assert.equal(thresholdOf("memory.used", RULES), null);
});

test("each level has a word and a mark of its own", () => {
  const shown = (figure, value) => shownLevel(figure, null, value, RULES);
  assert.deepEqual(shown("cpu.percent", 1), { name: null, words: "" });
  assert.deepEqual(shown("cpu.percent", 91), { name: "high", words: "▲ high" });
  assert.deepEqual(shown("memory.percent", 98), { name: "critical", words: "◆ critical" });
  assert.equal(shown("memory.available", 3).name, "info");
  assert.ok(compareLevels("critical", "warning") > 0);
});
