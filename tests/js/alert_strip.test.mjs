import assert from "node:assert/strict";
import { test } from "node:test";

import { spansIn } from "../../static/js/panels/alert_strip.js";

const view = { from: 1000, to: 1100, now: 1100 };
const past = (from, to, level = "warning") => ({ host: "box", alert: "hot", level, message: `from ${from}`, from, to });
const open = (since, level, known = null) => ({ alert: { key: `a ${since}`, message: `since ${since}`, level, since }, known });

test("a strip has the times of the alerts that reach into the view, the gravest above the others", () => {
  const spans = spansIn([open(1080, "critical"), open(1090, "info", { by: "Ann" })], [past(1050, 1060), past(990, 1010), past(900, 999), past(1150, 1160)], view);
  assert.deepEqual(
    spans.map(({ words, left, width, faded }) => [words, Math.round(100 * left), Math.round(100 * width), faded]),
    [
      ["since 1090", 90, 10, true],
      ["from 1050", 50, 10, false],
      ["from 990", 0, 10, false],
      ["since 1080", 80, 20, false],
    ],
  );
  assert.equal(new Set(spans.map(({ key }) => key)).size, 4);
});

test("one whose end nobody told of is a moment, and a strip is bounded", () => {
  assert.equal(spansIn([], [past(1050, null)], view)[0].width, 0);
  const many = Array.from({ length: 500 }, (_, n) => past(1099 - n / 10, 1099.5 - n / 10));
  const spans = spansIn([open(1000, "critical")], many, view);
  assert.deepEqual([spans.length, spans.at(-1)?.words], [100, "since 1000"]);
});
