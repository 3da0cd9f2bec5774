import assert from "node:assert/strict";
import test from "node:test";
import { Broker } from "../../static/js/streaming/broker.js";
import { Stream } from "../../static/js/streaming/stream.js";
import { portToBroker } from "../../static/js/streaming/transport.js";
import { FakeBrowser, settled } from "./browser.mjs";

const OPTIONS = { historyUrl: "/history", streamUrl: "/stream", host: "box", hosts: ["box"], events: ["cpu"], window: 300 };

async function start(t, connect) {
  const browser = new FakeBrowser(t);
  const told = [];
  const note = (kind) => (...what) => told.push([kind, ...what]);
  const listener = { history: note("history"), hello: note("hello"), event: note("event"), heartbeat: note("heartbeat") };
  const broker = new Broker();
  const stream = new Stream({ ...OPTIONS }, listener, connect ?? ((use) => use(portToBroker(broker))));
  stream.start();
  await browser.pass(0.1);
  return { browser, stream, told, broker };
}

/** The most seconds between two requests, of those after a time. */
function longestPause(requests, after) {
  const times = requests.map(({ at }) => at / 1000).filter((at) => at >= after);
  return Math.max(...times.slice(1).map((at, index) => at - times[index]));
}

const events = (told) => told.filter(([kind]) => kind === "event").map(([, , id]) => id);

test("it goes on from where history ends, then from the newest id", async (t) => {
  const { browser, stream, told } = await start(t);
  assert.match(browser.fetches[0].url, /since=300&points=600&events=cpu&host=box&form=spans$/);
  assert.equal(browser.source.after, "1-0");
  browser.source.tell("hello");
  await settled();
  assert.equal(stream.connected, true);
  browser.source.tell("cpu", {}, "7-0");
  browser.source.refuse();
  await settled();
  assert.equal(stream.connected, false);
  await browser.pass(1);
  assert.equal(browser.fetches.length, 1);
  assert.equal(browser.source.after, "7-0");
  assert.equal(stream.opened, 2);
  assert.deepEqual(told.map(([kind]) => kind), ["history", "hello", "event"]);
});

test("history that is refused is asked for every three seconds, while the newest figures come", async (t) => {
  const { browser, stream, told } = await start(t);
  browser.historyAnswers = { ok: false, status: 503 };
  browser.source.tell("hello", { heartbeat: 15 });
  browser.source.breakOff();
  browser.source.tell("hello", { heartbeat: 15 });
  browser.source.tell("gap", { to: 0 });
  for (let second = 0; second < 300; second += 1) {
    await browser.pass(1);
    browser.source.tell("cpu", {}, `${second + 2}-0`);
  }
  await settled();
  assert.ok(browser.fetches.length > 90);
  assert.ok(longestPause(browser.fetches, 30) <= 3.1);
  assert.ok(longestPause(browser.fetches, 30) >= 1, "but no more often than that");
  assert.equal(stream.trouble, "history answered 503");
  assert.equal(stream.refused, 503);
  assert.equal(events(told).length, 300);
  assert.equal(browser.sources.length, 1);
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: "301-0" }) };
  await browser.pass(4);
  assert.equal(stream.trouble, "");
  assert.equal(told.filter(([kind]) => kind === "history").length, 2);
});

test("without any history it begins with the newest figures", async (t) => {
  const browser = new FakeBrowser(t);
  browser.historyAnswers = { ok: false, status: 503 };
  const stream = new Stream({ ...OPTIONS }, { history() {}, hello() {}, event() {}, heartbeat() {} }, (use) => use(portToBroker(new Broker())));
  stream.start();
  await browser.pass(20);
  assert.equal(browser.sources.length, 1);
  assert.equal(browser.source.after, null);
});

test("history that takes long is not waited for: live first, and from its end once it is there", async (t) => {
  const browser = new FakeBrowser(t);
  let answer = () => {};
  browser.historyAnswers = new Promise((resolve) => (answer = resolve));
  const told = [];
  const listener = { history: () => told.push("history"), hello: () => {}, event: (_name, id) => told.push(id), heartbeat: () => {} };
  const stream = new Stream({ ...OPTIONS }, listener, (use) => use(portToBroker(new Broker())));
  stream.start();
  await browser.pass(0.9);
  assert.equal(browser.sources.length, 0);
  await browser.pass(0.2);
  assert.equal(browser.source.after, null);
  browser.source.tell("hello");
  browser.source.tell("cpu", {}, "9-0");
  await settled();
  answer({ ok: true, json: async () => ({ last_event_id: "7-0" }) });
  await browser.pass(0.1);
  assert.equal(browser.source.after, "7-0");
  browser.source.tell("hello");
  for (const id of ["8-0", "9-0"]) browser.source.tell("cpu", {}, id);
  await settled();
  assert.deepEqual(told, ["9-0", "history", "8-0", "9-0"]);
});

test("where a log has lost all, history has no id, and the stream goes on as it is", async (t) => {
  const { browser, told } = await start(t);
  browser.source.tell("hello");
  browser.source.tell("cpu", {}, "7-0");
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: null }) };
  browser.source.tell("gap", { from: 0, to: 0.01, seconds: 0 });
  await browser.pass(1);
  assert.equal(browser.fetches.length, 2);
  browser.source.tell("cpu", {}, "8-0");
  await settled();
  assert.equal(browser.sources.length, 1, "what comes meanwhile is not missed");
  assert.deepEqual(events(told), ["7-0", "8-0"]);
  browser.source.refuse();
  await browser.pass(1);
  assert.equal(browser.source.after, "8-0");
});

test("the way the connection is, the page can say", async (t) => {
  const { browser, stream } = await start(t);
  browser.source.tell("hello");
  browser.source.breakOff();
  await browser.pass(9);
  assert.ok(stream.apart > 8 && stream.apart < 10, String(stream.apart));
  browser.source.tell("busy");
  await settled();
  assert.equal(stream.trouble, "the server is full");
  browser.source.tell("hello");
  await settled();
  assert.equal(stream.apart, 0);
  assert.equal(stream.trouble, "");
});

test("a gap behind history is not loaded again, one after a break is", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello");
  browser.source.tell("gap", { to: 0 });
  await browser.pass(1);
  assert.equal(browser.fetches.length, 1);
  browser.source.breakOff();
  browser.source.tell("hello");
  browser.source.tell("gap", { to: 0 });
  await browser.pass(1);
  assert.equal(browser.fetches.length, 2);
  assert.equal(browser.sources.length, 1, "what history ends with is where the stream is");
});

test("another question is history anew and the same connection", async (t) => {
  const { browser, stream } = await start(t);
  browser.source.tell("hello");
  browser.source.tell("cpu", {}, "2-0");
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: "2-0" }) };
  stream.ask({ window: 3600 });
  await browser.pass(0.1);
  assert.match(browser.fetches[1].url, /since=3600/);
  assert.equal(browser.sources.length, 1);
});

test("an answer that comes after another question is not taken", async (t) => {
  const { browser, stream, told } = await start(t);
  let answer = () => {};
  const first = new Promise((resolve) => (answer = resolve));
  browser.historyAnswers = first;
  stream.ask({ window: 3600 });
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: "5-0" }) };
  stream.ask({ window: 900 });
  await browser.pass(0.1);
  answer({ ok: true, json: async () => ({ last_event_id: "3-0" }) });
  await browser.pass(0.1);
  assert.deepEqual(told.map(([, history]) => history.last_event_id), ["1-0", "5-0"]);
});

test("what was on its way before the broker knew of the new history is not taken", async (t) => {
  const port = { postMessage() {}, onmessage: null };
  const { browser, stream, told } = await start(t, (use) => use(port));
  const hear = (kind, id) => port.onmessage({ data: { kind, name: "cpu", id, data: "{}" } });
  hear("joined");
  hear("event", "2-0");
  browser.historyAnswers = { ok: true, json: async () => ({ last_event_id: "5-0" }) };
  stream.ask({ window: 3600 });
  await browser.pass(0.1);
  stream.ask({ window: 900 });
  await browser.pass(0.1);
  hear("event", "7-0");
  hear("joined");
  hear("event", "6-0");
  hear("event", "7-0");
  hear("joined");
  hear("event", "6-0");
  hear("event", "7-0");
  assert.deepEqual(events(told), ["2-0", "6-0", "7-0"]);
});

test("a broker that is silent for forty seconds is replaced, from the last id on", async (t) => {
  const heard = [];
  const dead = { postMessage: (message) => heard.push(message.kind), onmessage: null };
  const { browser, stream } = await start(t, (use) => use(dead));
  assert.equal(browser.sources.length, 0);
  await browser.pass(29);
  assert.equal(browser.sources.length, 0);
  await browser.pass(12);
  assert.equal(browser.sources.length, 1);
  assert.equal(browser.source.after, "1-0");
  assert.equal(heard.at(-1), "leave", "it may only have been slow");
  browser.source.tell("hello", { heartbeat: 15 });
  for (let second = 0; second < 100; second += 1) {
    await browser.pass(1);
    browser.source.tell("heartbeat", { time: 1 });
  }
  assert.equal(browser.sources.length, 1);
  assert.equal(stream.connected, true);
});

test("forgotten by its broker, it loads history and joins again", async (t) => {
  const ports = [];
  const port = { postMessage: (message) => ports.push(message), onmessage: null };
  const { browser } = await start(t, (use) => use(port));
  const joins = () => ports.filter(({ kind }) => kind === "join");
  assert.equal(joins().length, 1);
  // A worker may begin to answer when the join is on its way already.
  port.onmessage({ data: { kind: "left" } });
  port.onmessage({ data: { kind: "joined" } });
  await browser.pass(0.1);
  assert.equal(browser.fetches.length, 1);
  port.onmessage({ data: { kind: "left" } });
  await browser.pass(0.1);
  assert.equal(browser.fetches.length, 2);
  assert.equal(joins().length, 2);
});

test("another broker is told from where to go on", async (t) => {
  const joins = [];
  let use = () => {};
  const port = () => ({ postMessage: (message) => message.kind === "join" && joins.push(message), onmessage: null });
  const first = port();
  const { stream } = await start(t, (connect) => {
    use = connect;
    connect(first);
  });
  first.onmessage({ data: { kind: "joined" } });
  first.onmessage({ data: { kind: "event", name: "cpu", id: "8-0", data: "{}" } });
  use(port());
  assert.deepEqual(joins.map(({ after, loaded }) => [after, loaded]), [["1-0", true], ["8-0", false]]);
  assert.equal(stream.lastId, "8-0");
});

test("a page that is put away leaves, and joins when it is taken out", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello");
  browser.happen("pagehide");
  assert.equal(browser.open.length, 0);
  browser.happen("pageshow", { persisted: false });
  await browser.pass(1);
  assert.equal(browser.open.length, 0);
  browser.happen("pageshow", { persisted: true });
  await browser.pass(1);
  assert.equal(browser.fetches.length, 2);
  assert.equal(browser.open.length, 1);
});

test("a display that wakes up does not wait out the pause", async (t) => {
  const { browser } = await start(t);
  browser.source.tell("hello");
  for (const name of ["visibilitychange", "resume", "online"]) {
    const before = browser.sources.length;
    browser.source.refuse();
    browser.happen(name);
    assert.equal(browser.sources.length, before + 1, name);
  }
});

test("stopped, it asks for nothing and hears nothing", async (t) => {
  const { browser, stream, told } = await start(t);
  browser.source.tell("hello");
  await settled();
  const before = told.length;
  stream.stop();
  await browser.pass(100);
  assert.equal(browser.open.length, 0);
  assert.equal(browser.fetches.length, 1);
  assert.equal(told.length, before);
});
