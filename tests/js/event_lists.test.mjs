import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";
import { openAlerts, unbroken } from "../../static/js/panels/alerts.js";
import { jobsOf } from "../../static/js/panels/jobs.js";
import { EventLists, MOST_ITEMS } from "../../static/js/state/event_lists.js";

/** @param {number} number */
function item(number, fields = {}) {
  return { id: `${number}-0`, data: { host: "box", time: number, ...fields } };
}

test("a journal keeps the newest of each name it was made for, and no more", () => {
  const eventLists = new EventLists(["log"]);
  for (let i = 1; i <= MOST_ITEMS + 20; i += 1) assert.ok(eventLists.accept("log", `${i}-0`, { time: i }));
  assert.equal(eventLists.items("log").length, MOST_ITEMS);
  assert.equal(eventLists.items("log")[0].id, "21-0");
  assert.equal(eventLists.accept("cpu", "9999-0", { time: 1 }), false);
  assert.deepEqual(eventLists.items("cpu"), []);
});

test("what is told again is no news; what the log could not take is", () => {
  const eventLists = new EventLists(["log"]);
  assert.ok(eventLists.accept("log", "5-0", { time: 5 }));
  assert.equal(eventLists.accept("log", "5-0", { time: 5 }), false);
  assert.equal(eventLists.accept("log", "4-9", { time: 4 }), false);
  assert.ok(eventLists.accept("log", "", { time: 6 }));
  assert.equal(eventLists.accept("log", "7-0", {}), false, "an event without a time");
});

test("history replaces what was known", () => {
  const eventLists = new EventLists(["log", "notice"]);
  eventLists.accept("log", "1-0", { time: 1 });
  eventLists.fill({ notice: [item(2)] });
  assert.deepEqual(eventLists.items("log"), []);
  assert.equal(eventLists.items("notice").length, 1);
});

test("a job's last run: how far, how fast, how long to go", () => {
  const steps = [
    item(1, { job: "backup", state: "completed", done: 5, total: 5 }),
    item(100, { job: "backup", state: "running", done: 0, total: 50 }),
    item(110, { job: "backup", state: "running", done: 20, total: 50, message: "b.tar" }),
    item(105, { job: "copy", state: "failed", done: 1, total: 4, message: "disk full" }),
  ];
  const [backup, copy] = jobsOf(steps);
  assert.deepEqual([backup.name, backup.began, backup.share, backup.rate, backup.left], ["backup", 100, 0.4, 2, 15]);
  assert.equal(backup.message, "b.tar");
  assert.deepEqual([copy.name, copy.state, copy.share, copy.left], ["copy", "failed", 0.25, null]);
});

test("a job that counts nothing has no share, rate or time left", () => {
  const [job] = jobsOf([item(1, { job: "a", state: "running", done: null, total: null }), item(9, { job: "a", state: "running", done: null, total: null })]);
  assert.deepEqual([job.share, job.rate, job.left], [null, null, null]);
  const [done] = jobsOf([item(1, { job: "a", state: "running", done: 9, total: 3 })]);
  assert.equal(done.share, 1);
});

test("alerts are open until they are cleared, the gravest first", () => {
  const items = [
    item(1, { alert: "cpu", level: "warning", state: "raised", since: 1, message: "busy", event: "cpu" }),
    item(2, { alert: "disk:/", level: "critical", state: "raised", since: 2 }),
    item(3, { alert: "memory", level: "warning", state: "raised", since: 3 }),
    item(4, { alert: "memory", level: "warning", state: "cleared", since: 3 }),
    item(600, { alert: "cpu", level: "warning", state: "still", since: 1, message: "at 97 %" }),
  ];
  const open = openAlerts(items);
  assert.deepEqual(open.map(({ name, since }) => [name, since]), [["disk:/", 2], ["cpu", 1]]);
  assert.deepEqual(open.map(({ message }) => message), ["disk:/", "at 97\u00a0%"]);
  assert.notEqual(openAlerts([item(9, { alert: "cpu", state: "raised", since: 9 })])[0].key, open[1].key);
});

test("an alert is what the server takes for one, by one table of cases", () => {
  const table = JSON.parse(fs.readFileSync(new URL("../support/alert_cases.json", import.meta.url), "utf8"));
  assert.ok(table.length > 40);
  const before = item(1, { alert: "cpu", state: "raised" });
  for (const { data, is } of table) {
    const names = openAlerts([before, { id: "2-0", data }]).map(({ name }) => name);
    assert.deepEqual(new Set(names), new Set(is && data.state !== "cleared" ? ["cpu", data.alert] : ["cpu"]), JSON.stringify(data));
  }
});

test("numbers of a sentence stay with their units, by one table of cases", () => {
  const table = JSON.parse(fs.readFileSync(new URL("../support/sentence_cases.json", import.meta.url), "utf8"));
  assert.ok(table.length > 5);
  for (const sentence of table) assert.equal(unbroken(sentence.replaceAll("~", " ")), sentence.replaceAll("~", "\u00a0"));
});

test("what the log could not take comes again with an id, and is one item", () => {
  const eventLists = new EventLists(["alert"]);
  const raised = { host: "box", time: 5, alert: "hot", state: "raised" };
  assert.equal(eventLists.accept("alert", "4-0", raised, false), true);
  assert.equal(eventLists.accept("alert", "9-0", { ...raised }, true), false);
  assert.deepEqual(eventLists.items("alert"), [{ id: "9-0", data: raised }]);
  assert.equal(eventLists.accept("alert", "10-0", { ...raised, time: 6, state: "cleared" }, true), true);
});
