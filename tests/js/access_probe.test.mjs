import assert from "node:assert/strict";
import test from "node:test";
import { AccessProbe } from "../../static/js/streaming/access_probe.js";
import { FakeBrowser, settled } from "./browser.mjs";

const AWAY = { connected: false, trouble: "away" };

/** How often a page is told that it may not read, when history is answered so. */
async function refusals(browser, answer) {
  browser.historyAnswers = answer;
  let told = 0;
  const probe = new AccessProbe("/history", () => told++);
  for (let number = 0; number < 3; number++) {
    probe.check(AWAY);
    await settled();
    browser.now += 11_000;
  }
  assert.ok(browser.fetches[0].url.startsWith("http://box/history?since=1"));
  return told;
}

test("a page without a right is told so once", async (t) => {
  assert.equal(await refusals(new FakeBrowser(t), { status: 401, type: "basic" }), 1);
});

test("so is one that a proxy leads to its own sign-in", async (t) => {
  // What fetch() gives for a redirect that it does not follow.
  assert.equal(await refusals(new FakeBrowser(t), { status: 0, type: "opaqueredirect" }), 1);
});

test("not one whose server is away, or busy", async (t) => {
  const browser = new FakeBrowser(t);
  for (const status of [200, 403, 502, 503]) assert.equal(await refusals(browser, { status, type: "basic" }), 0);
});
