import assert from "node:assert/strict";
import test from "node:test";
import { Comparison } from "../../static/js/panels/comparison.js";
import { Store } from "../../static/js/state/store.js";
import { FakeBrowser, settled } from "./browser.mjs";

const DAY = 86_400;

test("the stretch a day before is loaded, some of it ahead, and drawn at the times of now", async (t) => {
  const browser = new FakeBrowser(t);
  const store = new Store({ interval: 1, window: 300, wanted: new Map([["cpu", () => true]]) });
  const cpu = { span: 0, time: [100, 200], mean: { percent: [5, null] } };
  browser.historyAnswers = { ok: true, json: async () => ({ hosts: { box: { cpu } } }) };
  let changed = 0;
  const options = { historyUrl: "/history", host: "box", events: ["cpu"], lines: 500 };
  const before = new Comparison("1d", [{ store, stream: { options } }], () => (changed += 1));
  before.cover({ from: DAY + 1000, to: DAY + 1100 });
  await settled();
  assert.equal(changed, 1);
  assert.match(browser.fetches[0].url, /from=980&to=1120&/);
  assert.doesNotMatch(browser.fetches[0].url, /lines/);
  assert.deepEqual(before.line(store, "box", "cpu", "percent"), { times: [DAY + 100, DAY + 200], values: [5, null] });
  assert.equal(before.line(store, "box", "cpu", "other"), null);
  before.cover({ from: DAY + 1010, to: DAY + 1110 });
  assert.equal(browser.fetches.length, 1, "loaded ahead");
  before.cover({ from: DAY + 1030, to: DAY + 1130 });
  assert.equal(browser.fetches.length, 2);
  before.cover({ from: DAY + 1040, to: DAY + 1060 });
  assert.equal(browser.fetches.length, 3, "a zoom is finer");
});
