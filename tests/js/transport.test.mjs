// How a tab helps itself where sharing does not work; that it does work is tests/page's to show.
import assert from "node:assert/strict";
import test from "node:test";
import { FakeBrowser } from "./browser.mjs";

let loads = 0;

/** The module anew, as each page has it, in a browser that has these globals. */
async function start(t, globals) {
  const browser = new FakeBrowser(t);
  for (const [name, value] of Object.entries(globals)) {
    const was = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    t.after(() => (was ? Object.defineProperty(globalThis, name, was) : delete globalThis[name]));
  }
  loads += 1;
  const { connectToSharedBroker } = await import(`../../static/js/streaming/transport.js?${loads}`);
  const ports = [];
  connectToSharedBroker("abc", (port) => ports.push(port));
  return { browser, ports };
}

const JOIN = { kind: "join", stream: "http://box/stream", events: ["cpu"], hosts: ["box"], after: null, loaded: true };

/** Whether a port leads to a broker in this very page. */
function isOwn(browser, port) {
  const before = browser.sources.length;
  port.postMessage(JOIN);
  return browser.sources.length === before + 1;
}

function workers() {
  const made = [];
  class SharedWorker {
    constructor(url, options) {
      const heard = [];
      const port = { postMessage() {}, onmessage: null, addEventListener: (name, call) => heard.push(call) };
      Object.assign(this, { url: String(url), options, port, answer: () => heard.forEach((call) => call()) });
      made.push(this);
    }
  }
  return { made, SharedWorker };
}

test("a worker that answers is the broker, one for each build", async (t) => {
  const { made, SharedWorker } = workers();
  const { browser, ports } = await start(t, { SharedWorker });
  assert.match(made[0].url, /\/streaming\/worker\.js$/);
  assert.deepEqual(made[0].options, { type: "module", name: "vitals abc" });
  assert.deepEqual(ports, [made[0].port]);
  made[0].answer();
  await browser.pass(60);
  assert.equal(ports.length, 1);
});

test("a worker that does not load is done without at once", async (t) => {
  const { made, SharedWorker } = workers();
  const { browser, ports } = await start(t, { SharedWorker });
  made[0].onerror();
  assert.equal(ports.length, 2);
  assert.ok(isOwn(browser, ports[1]));
  await browser.pass(60);
  assert.equal(ports.length, 2);
});

test("a worker that does not answer is done without after ten seconds", async (t) => {
  const { SharedWorker } = workers();
  const { browser, ports } = await start(t, { SharedWorker });
  await browser.pass(9.9);
  assert.equal(ports.length, 1);
  await browser.pass(0.2);
  assert.equal(ports.length, 2);
  assert.ok(isOwn(browser, ports[1]));
});

test("a frame that may not have a worker has its own broker", async (t) => {
  class SharedWorker {
    constructor() {
      throw new Error("access is denied in this context");
    }
  }
  const { browser, ports } = await start(t, { SharedWorker });
  assert.equal(ports.length, 1);
  assert.ok(isOwn(browser, ports[0]));
});

test("a browser without shared workers has a broker in each tab", async (t) => {
  const { browser, ports } = await start(t, { SharedWorker: undefined });
  assert.equal(ports.length, 1);
  assert.ok(isOwn(browser, ports[0]));
});
