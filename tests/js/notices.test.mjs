// What else happens: rows of the panel of notices, and marks in charts.
import assert from "node:assert/strict";
import test from "node:test";
import { marksOf, noticesOf, readNotice } from "../../static/js/panels/notices.js";
import { EventLists, OTHERS } from "../../static/js/state/event_lists.js";

const DEPLOY = { host: "a", time: 12, version: "v1.2", by: "ann", took: 3.5, tags: ["x"] };

function lists() {
  const kept = new EventLists(["notice", OTHERS], (name) => name === "cpu");
  kept.accept("notice", "10000-0", { host: "a", time: 10, title: "web", message: "is back" });
  kept.accept("deploy", "12000-0", DEPLOY);
  kept.accept("queue", "13000-0", { host: "a", time: 13, length: 41 });
  kept.accept("cpu", "14000-0", { host: "a", time: 14, model: "x" });
  return kept;
}

test("an event with a text is a row: its title, and its fields in order", () => {
  const rows = noticesOf(lists()).map(readNotice);
  assert.deepEqual(rows, [
    { source: "web", level: "", message: "is back" },
    { source: "deploy", level: "", message: "version=v1.2 by=ann took=3.5" },
  ]);
  assert.deepEqual(readNotice({ id: "1-0", name: "x", data: { title: "T", level: "warning", text: "so", n: 1 } }), { source: "T", level: "warning", message: "so · n=1" });
});

test("history brings them, too, in order", () => {
  const kept = new EventLists(["notice", OTHERS], (name) => name === "cpu");
  kept.fill({ notice: [{ id: "9-0", data: { time: 9, message: "n" } }], deploy: [{ id: "12-0", data: DEPLOY }], build: [{ id: "11-0", data: { time: 11, state: "ok" } }], cpu: [{ id: "1-0", data: { time: 1, model: "x" } }] });
  assert.deepEqual(kept.items(OTHERS).map(({ name }) => name), ["build", "deploy"]);
  assert.equal(kept.accept("deploy", "12-0", DEPLOY), false, "known already");
});

test("each is a mark with its name, and an address chooses which", () => {
  assert.deepEqual(marksOf(lists(), null, 0, 20), [{ time: 10, name: "web" }, { time: 12, name: "deploy v1.2" }]);
  assert.deepEqual(marksOf(lists(), ["deploy"], 0, 20), [{ time: 12, name: "deploy v1.2" }]);
  assert.deepEqual(marksOf(lists(), [], 0, 20), []);
  assert.deepEqual(marksOf(lists(), null, 11, 11.5), []);
});
