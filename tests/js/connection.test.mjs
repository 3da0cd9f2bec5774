import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../../static/js/streaming/connection.js";
import { FakeBrowser, FakeSource } from "./browser.mjs";

const URL = "http://box/stream?events=cpu";

function start(t, after = "1-0") {
  const browser = new FakeBrowser(t);
  const told = [];
  const note = (kind) => (...what) => told.push([kind, ...what]);
  const connection = new Connection({
    hello: note("hello"),
    heartbeat: note("heartbeat"),
    gap: note("gap"),
    event: note("event"),
    state: () => {},
  });
  connection.open(URL, ["cpu"], after);
  return { browser, connection, told };
}

/** The most seconds between two requests, of those after a time. */
function longestPause(requests, after) {
  const times = requests.map(({ at }) => at / 1000).filter((at) => at >= after);
  return Math.max(...times.slice(1).map((at, index) => at - times[index]));
}

test("it begins where it is told to, or with the newest", (t) => {
  const { browser, connection } = start(t);
  assert.equal(browser.source.after, "1-0");
  connection.open(URL, ["cpu"], null);
  assert.equal(browser.source.after, null);
  assert.equal(browser.open.length, 1);
  assert.equal(connection.opened, 2);
});

test("refused, it goes on from the newest id by itself", async (t) => {
  const { browser, connection } = start(t);
  browser.source.tell("hello");
  browser.source.tell("cpu", {}, "7-0");
  browser.source.refuse();
  assert.equal(connection.connected, false);
  assert.equal(connection.trouble, "the stream was refused");
  await browser.pass(0.4);
  assert.equal(browser.sources.length, 2);
  assert.equal(browser.source.after, "7-0");
  browser.source.tell("hello");
  assert.equal(connection.connected, true);
  assert.equal(connection.trouble, "");
});

test("however long the server refuses, it is asked every three seconds", async (t) => {
  const { browser } = start(t);
  browser.source.refuse();
  for (let i = 0; i < 6000; i += 1) {
    await browser.pass(0.1);
    if (browser.source.readyState !== FakeSource.CLOSED) browser.source.refuse();
  }
  assert.ok(longestPause(browser.sources, 300) <= 3.2);
  assert.ok(longestPause(browser.sources, 300) >= 1, "but no more often than that");
});

test("a peer that is gone is left five seconds after a heartbeat is missed", async (t) => {
  const { browser, connection } = start(t);
  browser.source.tell("hello", { heartbeat: 2 });
  await browser.pass(6.5);
  assert.equal(browser.sources.length, 1);
  browser.source.tell("heartbeat", { time: 1 });
  await browser.pass(6.5);
  assert.equal(browser.sources.length, 1);
  assert.equal(connection.apart, 0);
  await browser.pass(2);
  assert.equal(browser.sources.length, 2);
  assert.equal(connection.trouble, "no answer");
  assert.ok(connection.apart > 7 && connection.apart < 9, String(connection.apart));
});

test("any event is a sign of life, and also a try that does not end is left", async (t) => {
  const { browser } = start(t);
  browser.source.tell("hello", { heartbeat: 2 });
  for (let second = 0; second < 60; second += 1) {
    await browser.pass(1);
    browser.source.tell("cpu", {}, `${second + 2}-0`);
  }
  assert.equal(browser.sources.length, 1);
  await browser.pass(8.5);
  assert.equal(browser.sources.length, 2);
  assert.equal(browser.source.after, "61-0");
  await browser.pass(8.5);
  assert.equal(browser.sources.length, 3);
});

test("without the server's word for it that is after twenty seconds", async (t) => {
  const { browser } = start(t);
  browser.source.tell("hello");
  await browser.pass(19.5);
  assert.equal(browser.sources.length, 1);
  await browser.pass(2);
  assert.equal(browser.sources.length, 2);
});

test("a machine that slept asks anew at once", async (t) => {
  const { browser } = start(t);
  browser.source.tell("hello", { heartbeat: 15 });
  browser.source.tell("cpu", {}, "3-0");
  await browser.pass(5);
  // The monotonic clock stood still meanwhile, so nothing seems to be late.
  browser.wall += 8 * 3600_000;
  await browser.pass(1.1);
  assert.equal(browser.sources.length, 2);
  assert.equal(browser.source.after, "3-0");
  await browser.pass(10);
  assert.equal(browser.sources.length, 2, "and once is enough");
});

test("a wall clock that is set back, or drifts, is no sleep", async (t) => {
  const { browser } = start(t);
  browser.source.tell("hello", { heartbeat: 100 });
  browser.wall -= 3600_000;
  for (let i = 0; i < 30; i += 1) {
    browser.wall += 500;
    await browser.pass(1);
  }
  assert.equal(browser.sources.length, 1);
});

test("whoever hurries saves the rest of the pause", async (t) => {
  const { browser, connection } = start(t);
  for (let i = 0; i < 8; i += 1) {
    browser.source.refuse();
    connection.hurry();
    assert.equal(browser.sources.length, i + 2);
  }
  assert.equal(browser.open.length, 1);
});

test("ten that hurry are one", async (t) => {
  const { browser, connection } = start(t);
  const hurry = () => {
    for (let i = 0; i < 10; i += 1) connection.hurry();
  };
  browser.source.tell("hello", { heartbeat: 15 });
  await browser.pass(12);
  hurry();
  assert.equal(browser.sources.length, 1, "all is well");
  // EventSource waits for its own next try.
  browser.source.breakOff();
  hurry();
  assert.equal(browser.sources.length, 2);
  await browser.pass(2);
  hurry();
  assert.equal(browser.sources.length, 3, "still nothing");
  browser.source.tell("hello", { heartbeat: 15 });
  await browser.pass(16);
  hurry();
  assert.equal(browser.sources.length, 4, "a heartbeat is due");
});

test("a server that is full is no connection", async (t) => {
  const { browser, connection } = start(t);
  browser.source.tell("hello");
  assert.equal(connection.connected, true);
  browser.source.breakOff();
  for (let i = 0; i < 10; i += 1) {
    await browser.pass(1);
    browser.source.tell("busy");
    assert.equal(connection.connected, false);
    browser.source.breakOff();
  }
  assert.ok(connection.apart > 9, String(connection.apart));
  assert.equal(connection.trouble, "the server is full");
  browser.source.tell("hello");
  assert.equal(connection.connected, true);
  assert.equal(connection.trouble, "");
});

test("an event without an id of its own is told apart", (t) => {
  const { browser, connection, told } = start(t);
  browser.source.tell("hello");
  browser.source.tell("cpu", { n: 1 });
  browser.source.tell("cpu", { n: 2 }, "5-0");
  browser.source.tell("cpu", { n: 3 });
  const events = told.filter(([kind]) => kind === "event").map(([, name, id, data, logged]) => [name, id, data, logged]);
  assert.deepEqual(events, [
    ["cpu", "", '{"n":1}', false],
    ["cpu", "5-0", '{"n":2}', true],
    ["cpu", "5-0", '{"n":3}', false],
  ]);
  assert.equal(connection.lastId, "5-0");
});

test("closed, it does nothing more", async (t) => {
  const { browser, connection } = start(t);
  browser.source.tell("hello");
  browser.source.refuse();
  connection.close();
  connection.hurry();
  await browser.pass(100);
  assert.equal(browser.sources.length, 1);
  assert.deepEqual(browser.timers, []);
});
