import assert from "node:assert/strict";
import test from "node:test";
import { ANY, RenderLoop } from "../../static/js/ui/render_loop.js";

/** A browser's time and animation frames, moved on by hand. */
function fakeBrowser(t) {
  const { performance, setTimeout, clearTimeout } = globalThis;
  const browser = { now: 0, timers: [], frames: [], hidden: false };
  Object.defineProperty(globalThis, "performance", { value: { now: () => browser.now }, configurable: true });
  const without = (list, number) => list.filter((one) => one.number !== number);
  let numbers = 0;
  globalThis.setTimeout = (call, pause) => {
    browser.timers.push({ call, at: browser.now + pause, number: (numbers += 1) });
    return numbers;
  };
  globalThis.clearTimeout = (number) => (browser.timers = without(browser.timers, number));
  globalThis.requestAnimationFrame = (call) => {
    browser.frames.push({ call, number: (numbers += 1) });
    return numbers;
  };
  globalThis.cancelAnimationFrame = (number) => (browser.frames = without(browser.frames, number));
  t.after(() => {
    Object.defineProperty(globalThis, "performance", { value: performance, configurable: true });
    Object.assign(globalThis, { setTimeout, clearTimeout });
    delete globalThis.requestAnimationFrame;
    delete globalThis.cancelAnimationFrame;
  });
  browser.pass = (milliseconds) => {
    for (const end = browser.now + milliseconds; browser.now < end; browser.now += 1) {
      for (const timer of browser.timers.filter(({ at }) => at <= browser.now)) {
        browser.timers.splice(browser.timers.indexOf(timer), 1);
        timer.call();
      }
      if (browser.now % 16 === 0 && !browser.hidden) browser.frames.splice(0).forEach(({ call }) => call());
    }
  };
  return browser;
}

test("one request is drawn once, at the next frame", (t) => {
  const browser = fakeBrowser(t);
  let drawn = 0;
  const loop = new RenderLoop(() => (drawn += 1));
  loop.request();
  assert.equal(drawn, 0);
  browser.pass(17);
  assert.equal(drawn, 1);
  browser.pass(1000);
  assert.equal(drawn, 1);
});

test("thousands of requests are drawn five times a second", (t) => {
  const browser = fakeBrowser(t);
  let drawn = 0;
  const loop = new RenderLoop(() => (drawn += 1));
  for (let i = 0; i < 2000; i += 1) {
    for (let j = 0; j < 5; j += 1) loop.request();
    browser.pass(1);
  }
  assert.ok(drawn >= 8 && drawn <= 11, String(drawn));
  browser.pass(300);
  const last = drawn;
  browser.pass(1000);
  assert.equal(drawn, last);
});

test("a drawing is told all that was requested since the last one", (t) => {
  const browser = fakeBrowser(t);
  const told = [];
  const loop = new RenderLoop((news) => told.push([...news]));
  for (const news of [["cpu"], [], ["disk"], ["cpu"]]) loop.request(...news);
  browser.pass(17);
  loop.request();
  browser.pass(250);
  loop.request(ANY);
  browser.pass(250);
  assert.deepEqual(told, [["cpu", "disk"], [], [ANY]]);
});

test("what was asked for out of sight is drawn once when it is seen", (t) => {
  const browser = fakeBrowser(t);
  let drawn = 0;
  const loop = new RenderLoop(() => (drawn += 1));
  browser.hidden = true;
  for (let i = 0; i < 500; i += 1) {
    loop.request();
    browser.pass(10);
  }
  assert.equal(drawn, 0);
  assert.ok(browser.frames.length <= 1 && browser.timers.length <= 1);
  browser.hidden = false;
  browser.pass(20);
  assert.equal(drawn, 1);
});

test("one that was stopped draws no more, and nothing waits that would hold what it drew", (t) => {
  const browser = fakeBrowser(t);
  let drawn = 0;
  const loop = new RenderLoop(() => (drawn += 1));
  loop.request();
  browser.pass(17);
  loop.request();
  assert.equal(browser.timers.length, 1);
  loop.stop();
  assert.equal(browser.timers.length, 0);
  loop.request();
  browser.pass(1000);
  assert.equal(drawn, 1);

  const other = new RenderLoop(() => (drawn += 1));
  other.request();
  assert.equal(browser.frames.length, 1);
  other.stop();
  assert.equal(browser.frames.length, 0);
});
