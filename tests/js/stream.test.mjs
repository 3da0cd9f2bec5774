// The connection's patience over minutes and hours; that it connects at all is tests/page's to show.
import assert from "node:assert/strict";
import test from "node:test";
import { Stream } from "../../static/js/stream.js";

/** A browser whose time is moved on by hand, and whose server answers as it is told. */
class Browser {
  constructor(t) {
    this.now = 0;
    this.timers = [];
    this.sources = [];
    this.fetches = [];
    this.historyAnswers = { ok: true, status: 200, json: async () => ({ last_event_id: "1-0" }) };
    const browser = this;
    const kept = ["performance", "setTimeout", "clearTimeout", "setInterval", "fetch", "EventSource"].map((name) => [
      name,
      Object.getOwnPropertyDescriptor(globalThis, name),
    ]);
    const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    set("performance", { now: () => browser.now });
    set("setTimeout", (call, pause) => browser.#timer({ call, at: browser.now + pause }));
    set("clearTimeout", (timer) => (browser.timers = browser.timers.filter((one) => one !== timer)));
    set("setInterval", (call, every) => browser.#timer({ call, at: browser.now + every, every }));
    set("addEventListener", () => {});
    set("document", { baseURI: "http://box/" });
    set("fetch", async (url) => {
      browser.fetches.push({ url, at: browser.now });
      return browser.historyAnswers;
    });
    set("EventSource", class extends FakeSource {
      constructor(url) {
        super(url, browser.now);
        browser.sources.push(this);
      }
    });
    t.after(() => {
      for (const [name, was] of kept) {
        if (was) Object.defineProperty(globalThis, name, was);
        else delete globalThis[name];
      }
      delete globalThis.addEventListener;
      delete globalThis.document;
    });
  }

  get source() {
    return this.sources[this.sources.length - 1];
  }

  #timer(timer) {
    this.timers.push(timer);
    return timer;
  }

  async pass(seconds) {
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 10) {
      for (const timer of this.timers.filter(({ at }) => at <= this.now)) {
        if (timer.every) timer.at += timer.every;
        else this.timers.splice(this.timers.indexOf(timer), 1);
        timer.call();
        // What a fetch brings comes in later turns of the loop.
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      }
    }
  }
}

class FakeSource {
  static OPEN = 1;
  static CLOSED = 2;

  constructor(url, at) {
    Object.assign(this, { url, at, readyState: 0, listeners: new Map() });
  }

  addEventListener(name, call) {
    this.listeners.set(name, call);
  }

  close() {
    this.readyState = FakeSource.CLOSED;
  }

  tell(name, data, lastEventId = "") {
    this.readyState = FakeSource.OPEN;
    this.listeners.get(name)({ data: JSON.stringify(data), lastEventId });
  }

  refuse() {
    this.readyState = FakeSource.CLOSED;
    this.listeners.get("error")();
  }

  breakOff() {
    this.readyState = 0;
    this.listeners.get("error")();
  }
}

const LISTENER = { history() {}, hello() {}, event() {}, heartbeat() {} };
const OPTIONS = { historyUrl: "/history", streamUrl: "/stream", host: "box", events: ["cpu"], window: 300 };

async function start(t) {
  const browser = new Browser(t);
  const stream = new Stream(OPTIONS, LISTENER);
  stream.start();
  await browser.pass(0.1);
  return { browser, stream };
}

/** The most seconds between two requests, of those after a time. */
function longestPause(requests, after) {
  const times = requests.map(({ at }) => at / 1000).filter((at) => at >= after);
  return Math.max(...times.slice(1).map((at, index) => at - times[index]));
}

test("it goes on from where history ends, then from the newest id", async (t) => {
  const { browser, stream } = await start(t);
  assert.match(browser.source.url, /last_event_id=1-0$/);
  browser.source.tell("hello", {});
  browser.source.tell("cpu", {}, "7-0");
  browser.source.refuse();
  await browser.pass(1);
  assert.equal(browser.fetches.length, 1);
  assert.match(browser.source.url, /last_event_id=7-0$/);
  assert.equal(stream.connected, false);
});

test("however long the server refuses, it is asked every three seconds", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello", {});
  browser.source.refuse();
  for (let i = 0; i < 6000; i += 1) {
    await browser.pass(0.1);
    if (browser.source.readyState !== FakeSource.CLOSED) browser.source.refuse();
  }
  assert.ok(longestPause(browser.sources, 300) <= 3.2);
  assert.ok(longestPause(browser.sources, 300) >= 1, "but no more often than that");
});

test("so is history", async (t) => {
  const { browser, stream } = await start(t);
  browser.historyAnswers = { ok: false, status: 503 };
  browser.source.tell("hello", {});
  browser.source.breakOff();
  browser.source.tell("gap", {});
  await browser.pass(300);
  assert.ok(browser.fetches.length > 90);
  assert.ok(longestPause(browser.fetches, 30) <= 3.1);
  assert.equal(stream.trouble, "history answered 503");
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: "9-0" }) };
  await browser.pass(4);
  assert.match(browser.source.url, /last_event_id=9-0$/);
});

test("a peer that is gone is left five seconds after a heartbeat is missed", async (t) => {
  const { browser, stream } = await start(t);
  browser.source.tell("hello", { heartbeat: 2 });
  await browser.pass(6.5);
  assert.equal(browser.sources.length, 1);
  browser.source.tell("heartbeat", { time: 1 });
  await browser.pass(6.5);
  assert.equal(browser.sources.length, 1);
  assert.equal(stream.apart, 0);
  await browser.pass(2);
  assert.equal(browser.sources.length, 2);
  assert.ok(stream.apart > 7 && stream.apart < 9, String(stream.apart));
});

test("without the server's word for it that is after twenty", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello", {});
  await browser.pass(19.5);
  assert.equal(browser.sources.length, 1);
  await browser.pass(2);
  assert.equal(browser.sources.length, 2);
});

test("a server that is full is no connection", async (t) => {
  const { browser, stream } = await start(t);
  browser.source.tell("hello", {});
  assert.equal(stream.connected, true);
  browser.source.breakOff();
  for (let i = 0; i < 10; i += 1) {
    await browser.pass(1);
    browser.source.tell("busy", {});
    assert.equal(stream.connected, false);
    browser.source.breakOff();
  }
  assert.ok(stream.apart > 9, String(stream.apart));
  assert.equal(stream.trouble, "the server is full");
  browser.source.tell("hello", {});
  assert.equal(stream.connected, true);
  assert.equal(stream.trouble, "");
});

test("a gap behind history is not loaded again, one after a break is", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello", {});
  browser.source.tell("gap", {});
  await browser.pass(1);
  assert.equal(browser.fetches.length, 1);
  browser.source.breakOff();
  browser.source.tell("hello", {});
  browser.source.tell("gap", {});
  await browser.pass(1);
  assert.equal(browser.fetches.length, 2);
});
