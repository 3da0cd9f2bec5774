// Lists of a moment: asked for once it stands still, not twice, and never shown when another is wanted.

import assert from "node:assert/strict";
import test from "node:test";
import { Moments } from "../../static/js/panels/moments.js";
import { OVER } from "../../static/js/state/time_window.js";
import { FakeBrowser } from "./browser.mjs";

const NOW = 10_000;

function start(t) {
  const browser = new FakeBrowser(t);
  const shown = [];
  const answer = (log_from, latest) => ({ ok: true, status: 200, json: async () => ({ log_from, latest }) });
  browser.historyAnswers = answer(100, [{ event: "processes", data: { time: 1000 } }]);
  const moments = new Moments({ historyUrl: "/history", host: "box", events: ["processes", "units"] }, (moment) => shown.push(moment));
  const asked = () => browser.fetches.map(({ url }) => Number(new URL(url).searchParams.get("at")));
  return { browser, moments, shown, asked };
}

test("a cursor that moves asks for nothing, one that stands asks once, for what was read next", async (t) => {
  const { browser, moments, shown, asked } = start(t);
  for (let time = 1000; time < 1100; time += 7) {
    moments.want(time, NOW);
    await browser.pass(0.2);
  }
  assert.deepEqual(asked(), []);
  await browser.pass(1);
  assert.equal(asked().at(-1), 1101);
  assert.equal(shown.at(-1).at, 1101);
  assert.match(shown.at(-1).without, /^Nothing was heard at /);
  assert.deepEqual([...shown.at(-1).events], [["processes", { time: 1000 }]]);
  assert.match(browser.fetches.at(-1).url, /^http:\/\/box\/history\?at=1101&events=processes%2Cunits&host=box$/);
});

test("a moment that was shown is not asked for again, of the last eight", async (t) => {
  const { browser, moments, shown, asked } = start(t);
  const look = async (time) => {
    moments.want(time, NOW);
    await browser.pass(1);
    return shown.at(-1).at;
  };
  for (let time = 1000; time < 1040; time += 5) assert.equal(await look(time), time + 1);
  assert.equal(await look(1000), 1001);
  assert.equal(asked().length, 8);
  await look(1040);
  await look(1000);
  assert.deepEqual(asked().slice(8), [1041, 1001]);
});

test("an answer that comes after the cursor has left is not shown", async (t) => {
  const { browser, moments, shown } = start(t);
  let come = () => {};
  const json = () => new Promise((resolve) => (come = () => resolve({ log_from: 1, latest: [] })));
  browser.historyAnswers = { ok: true, status: 200, json };
  moments.want(1000, NOW);
  await browser.pass(1);
  const { signal } = moments.asking;
  moments.want(null, NOW);
  assert.ok(signal.aborted);
  come();
  await browser.pass(1);
  assert.deepEqual(shown, [null]);
});

test("what is not over is live", async (t) => {
  const { browser, moments, asked } = start(t);
  moments.want(NOW - 4, NOW);
  await browser.pass(1);
  assert.deepEqual(asked(), []);
  moments.want(NOW - OVER, NOW);
  await browser.pass(1);
  assert.deepEqual(asked(), [NOW - 4]);
});

test("a server that is away is asked again, one that refuses is not", async (t) => {
  const { browser, moments, shown, asked } = start(t);
  const good = browser.historyAnswers;
  browser.historyAnswers = { ok: false, status: 503 };
  moments.want(1000, NOW);
  await browser.pass(1);
  browser.historyAnswers = good;
  await browser.pass(6);
  assert.equal(shown.at(-1).at, 1001);
  browser.historyAnswers = { ok: false, status: 400 };
  moments.want(2000, NOW);
  await browser.pass(20);
  assert.equal(asked().length, 3);
});
