import assert from "node:assert/strict";
import test from "node:test";
import { Broker } from "../../static/js/streaming/broker.js";
import { portToBroker } from "../../static/js/streaming/transport.js";
import { FakeBrowser, settled } from "./browser.mjs";

const URL = "http://box/stream";
const EVENTS = ["cpu", "disk", "memory"];

function start(t) {
  const browser = new FakeBrowser(t);
  const broker = new Broker();
  /** A tab that keeps all that it is told. */
  const tab = () => {
    const port = portToBroker(broker);
    const told = [];
    port.onmessage = ({ data }) => told.push(data);
    return {
      told,
      say: (kind, rest = {}) => port.postMessage({ kind, ...rest }),
      join: (after, { events = ["cpu"], hosts = ["box"], loaded = true } = {}) =>
        port.postMessage({ kind: "join", stream: URL, events, hosts, after, loaded }),
      of: (kind) => told.filter((message) => message.kind === kind),
      get ids() {
        return this.of("event").map(({ id }) => id);
      },
    };
  };
  return { browser, broker, tab };
}

async function ticks(browser, from, to, name = "cpu") {
  for (let n = from; n <= to; n += 1) browser.source.tell(name, { n }, `${n}-0`);
  await settled();
}

const span = (from, to) => Array.from({ length: to - from + 1 }, (_, step) => `${from + step}-0`);

test("ten readers of the same share a connection, and each hears all", async (t) => {
  const { browser, tab } = start(t);
  const tabs = Array.from({ length: 10 }, tab);
  tabs.forEach((one) => one.join("5-0"));
  browser.source.tell("hello", { time: 1 });
  await ticks(browser, 6, 20);
  assert.equal(browser.sources.length, 1);
  for (const one of tabs) {
    assert.deepEqual(one.ids, span(6, 20));
    assert.equal(one.of("hello").length, 1);
    assert.equal(one.of("state").at(-1).connected, true);
    assert.equal(one.of("state").at(-1).opened, 1);
  }
});

test("the filter is what all want together, and each gets its own", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0", { events: ["cpu"] });
  assert.deepEqual(browser.source.filter, { events: "cpu", host: "box" });
  await ticks(browser, 2, 4);
  b.join("4-0", { events: ["memory", "disk"], hosts: ["web-1"] });
  assert.deepEqual(browser.source.filter, { events: "cpu,disk,memory", host: "box,web-1" });
  assert.equal(browser.open.length, 1);
  await ticks(browser, 5, 6, "memory");
  await ticks(browser, 7, 8);
  assert.deepEqual(a.ids, [...span(2, 4), ...span(7, 8)]);
  assert.deepEqual(b.ids, span(5, 6));
});

test("one that wants less opens nothing", (t) => {
  const { browser, tab } = start(t);
  tab().join("1-0", { events: EVENTS });
  tab().join("1-0", { events: ["disk"] });
  assert.equal(browser.sources.length, 1);
});

test("a wider filter goes on from the last id, and nobody hears anything twice", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  browser.source.tell("hello");
  await ticks(browser, 2, 9);
  b.join("9-0", { events: EVENTS });
  assert.equal(browser.source.after, "9-0");
  // Later than that history tells more than the stream has brought yet; the stream goes on where it stood.
  const c = tab();
  c.join("12-0", { events: [...EVENTS, "load"] });
  assert.equal(browser.source.after, "9-0");
  await ticks(browser, 10, 15);
  assert.deepEqual(a.ids, span(2, 15));
  assert.deepEqual(b.ids, span(10, 15));
  assert.deepEqual(c.ids, span(13, 15));
});

test("a late reader is served from what was kept, without another connection", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  browser.source.tell("hello", { time: 100 });
  await ticks(browser, 2, 30);
  await browser.pass(4);
  b.join("10-0");
  await settled();
  assert.deepEqual(b.told[0], { kind: "joined" }, "before all else");
  assert.deepEqual(b.ids, span(11, 30));
  // It is told the server's time of now, and not that of long ago.
  assert.ok(Math.abs(b.of("hello")[0].data.time - 104) < 0.1);
  assert.equal(b.of("state").at(-1).connected, true);
  await ticks(browser, 31, 33);
  assert.deepEqual(b.ids, span(11, 33));
  assert.deepEqual(a.ids, span(2, 33));
  assert.equal(browser.sources.length, 1);
});

test("where what was kept does not reach back, the connection goes back for it, and only for it", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("10-0");
  browser.source.tell("hello");
  await ticks(browser, 11, 20);
  b.join("5-0");
  assert.equal(browser.source.after, "5-0");
  assert.equal(browser.open.length, 1);
  await ticks(browser, 6, 25);
  assert.deepEqual(b.ids, span(6, 25));
  assert.deepEqual(a.ids, span(11, 25));
});

test("what is kept is bounded, and what it no longer has is asked for", async (t) => {
  const { browser, broker, tab } = start(t);
  const [a, b, c] = [tab(), tab(), tab()];
  a.join("1-0");
  const padding = "x".repeat(10_000);
  for (let n = 2; n <= 500; n += 1) browser.source.tell("cpu", { n, padding }, `${n}-0`);
  assert.ok(broker.replaySize <= 1_000_000, String(broker.replaySize));
  assert.ok(broker.replay.length < 101);
  b.join("450-0");
  await settled();
  assert.deepEqual(b.ids, span(451, 500));
  assert.equal(browser.sources.length, 1);
  c.join("100-0");
  assert.equal(browser.sources.length, 2);
  assert.equal(browser.source.after, "100-0");
});

test("a broken connection is resumed for all, without doubles", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  b.join("3-0");
  browser.source.tell("hello");
  await ticks(browser, 2, 8);
  browser.source.refuse();
  assert.equal(browser.open.length, 0);
  await browser.pass(0.5);
  assert.equal(browser.source.after, "8-0");
  await ticks(browser, 9, 12);
  assert.deepEqual(a.ids, span(2, 12));
  assert.deepEqual(b.ids, span(4, 12));
});

test("what the log could not take reaches everyone who listens now, and nobody later", async (t) => {
  const { browser, tab } = start(t);
  const [a, b, c] = [tab(), tab(), tab()];
  a.join("1-0");
  b.join("90-0");
  browser.source.tell("hello");
  browser.source.tell("cpu", { n: 1 });
  browser.source.tell("cpu", { n: 2 }, "2-0");
  browser.source.tell("cpu", { n: 3 });
  await settled();
  c.join("2-0");
  await settled();
  const told = (one) => one.of("event").map(({ data }) => JSON.parse(data).n);
  assert.deepEqual(told(a), [1, 2, 3]);
  assert.deepEqual(told(b), [1, 3], "it has more of the log than the stream, but not what is not in it");
  assert.deepEqual(told(c), []);
});

test("after a gap nothing is compared with what was before", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1000-0");
  b.join("1000-0");
  browser.source.tell("hello");
  await ticks(browser, 1001, 1003);
  browser.source.breakOff();
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 1.003, to: 0.5, seconds: 0 });
  // Another log, whose clock is behind.
  await ticks(browser, 490, 500);
  for (const one of [a, b]) {
    assert.deepEqual(one.of("gap"), [{ kind: "gap", fillable: true }]);
    assert.deepEqual(one.ids, [...span(1001, 1003), ...span(490, 500)]);
  }
});

test("who loads history because of a gap is served from what came since", async (t) => {
  const { browser, tab } = start(t);
  const tabs = [tab(), tab(), tab()];
  tabs.forEach((one) => one.join("1000-0"));
  browser.source.tell("hello");
  browser.source.breakOff();
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 1, to: 600, seconds: 599 });
  browser.source.tell("cpu", {}, "599900-0"); // the newest, as always after a gap
  for (let n = 1; n <= 9; n += 1) browser.source.tell("cpu", {}, `60${n}000-0`);
  tabs.forEach((one, at) => one.join(`60${at + 2}500-0`));
  await settled();
  assert.equal(browser.sources.length, 1);
  tabs.forEach((one, at) => assert.equal(one.ids.slice(10).length, 7 - at));
});

test("a gap right behind history is one that history cannot fill", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("9-0");
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 0, to: 0.01, seconds: 0 });
  await settled();
  assert.deepEqual(a.of("gap"), [{ kind: "gap", fillable: false }]);
  // For one that was here already it is another matter.
  b.join("10-0", { events: EVENTS });
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 0, to: 0.02, seconds: 0 });
  await settled();
  assert.deepEqual(a.of("gap").map(({ fillable }) => fillable), [false, true]);
  assert.deepEqual(b.of("gap").map(({ fillable }) => fillable), [false]);
});

test("a gap in a stream that has gone on since history was loaded can be filled", async (t) => {
  const { browser, tab } = start(t);
  const a = tab();
  a.join("9-0");
  browser.source.tell("hello");
  await ticks(browser, 10, 11);
  browser.source.tell("gap", { from: 0, to: 0.01, seconds: 0 });
  await settled();
  assert.deepEqual(a.of("gap").map(({ fillable }) => fillable), [true]);
});

test("a gap after a broken connection can be filled, however new the history", async (t) => {
  const { browser, tab } = start(t);
  const a = tab();
  a.join("9-0");
  browser.source.breakOff();
  for (let second = 0; second < 150; second += 1) {
    await browser.pass(1);
    if (browser.open.length) browser.source.refuse();
  }
  for (let tenth = 0; browser.open.length === 0 && tenth < 50; tenth += 1) await browser.pass(0.1);
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 0, to: 600, seconds: 600 });
  await settled();
  assert.deepEqual(a.of("gap").map(({ fillable }) => fillable), [true]);
});

test("a gap for one who comes over from another broker can be filled", async (t) => {
  const { browser, tab } = start(t);
  const a = tab();
  a.join("9-0", { loaded: false });
  browser.source.tell("hello");
  browser.source.tell("gap", { from: 0, to: 600, seconds: 600 });
  await settled();
  assert.deepEqual(a.of("gap").map(({ fillable }) => fillable), [true]);
});

test("the last one to leave closes the connection, and the next one opens another", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  b.join("1-0");
  a.say("leave");
  assert.equal(browser.open.length, 1);
  await ticks(browser, 2, 3);
  assert.deepEqual(a.ids, []);
  b.say("leave");
  assert.equal(browser.open.length, 0);
  await browser.pass(60);
  assert.equal(browser.sources.length, 1);
  a.join("3-0");
  assert.equal(browser.open.length, 1);
  assert.equal(browser.source.after, "3-0");
});

test("a reader that is silent for three minutes is forgotten, one that pings is not", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  b.join("1-0");
  for (let minute = 0; minute < 3; minute += 1) {
    await browser.pass(60);
    b.say("ping");
    await settled();
  }
  assert.equal(a.of("left").length, 0, "hidden tabs run their timers once a minute");
  await browser.pass(60);
  assert.equal(a.of("left").length, 1);
  assert.equal(b.of("left").length, 0);
  assert.equal(b.of("pong").length, 3);
  await ticks(browser, 2, 3);
  assert.deepEqual(a.ids, []);
  assert.deepEqual(b.ids, span(2, 3));
  a.say("ping");
  await settled();
  assert.equal(a.of("left").length, 2, "and hears so when it asks");
  await browser.pass(300);
  assert.equal(browser.open.length, 0, "nobody is there any more");
});

test("one that hurries hurries for all", async (t) => {
  const { browser, tab } = start(t);
  const [a, b] = [tab(), tab()];
  a.join("1-0");
  b.join("1-0");
  browser.source.refuse();
  b.say("hurry");
  assert.equal(browser.sources.length, 2);
  browser.source.refuse();
  browser.happen("online");
  assert.equal(browser.sources.length, 3);
});
