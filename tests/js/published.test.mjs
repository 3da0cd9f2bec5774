// When a figure that somebody publishes is old.
import assert from "node:assert/strict";
import test from "node:test";
import { Store } from "../../static/js/state/store.js";

/** @param {number | null} declared */
function storeOf(declared) {
  const store = new Store({ interval: 1, window: 300, wanted: new Map([["queue", () => true], ["cpu", () => false]]), published: new Map([["queue", declared]]) });
  store.greet({ time: 0, cadences: { cpu: 1 } });
  return store;
}

/** @param {Store} store @param {number[]} times */
function hear(store, times) {
  times.forEach((time) => store.accept("queue", `${time * 1000}-0`, { host: "a", time, length: 1 }));
}

test("one that came once is fresh for ten minutes", () => {
  const store = storeOf(null);
  assert.equal(store.freshness("a", "queue", 1000), "waiting", "it is not missing before it has come");
  hear(store, [1000]);
  assert.equal(store.freshness("a", "queue", 1599), "fresh");
  assert.equal(store.freshness("a", "queue", 1601), "stale");
  assert.equal(store.freshness("a", "queue", 4000), "gone");
});

test("one that comes regularly is old after three times its distance, ten seconds at least", () => {
  const store = storeOf(null);
  hear(store, [1000, 1060, 1120, 1180]);
  assert.equal(store.freshness("a", "queue", 1180 + 179), "fresh");
  assert.equal(store.freshness("a", "queue", 1180 + 181), "stale");
  const quick = storeOf(null);
  hear(quick, [1000, 1001, 1002]);
  assert.equal(quick.freshness("a", "queue", 1002 + 9), "fresh");
  assert.equal(quick.freshness("a", "queue", 1002 + 11), "stale");
  assert.equal(quick.freshness("a", "queue", 1002 + 60), "gone");
});

test("a declared distance counts, and so do samples of history but not its gaps", () => {
  const declared = storeOf(100);
  hear(declared, [1000]);
  assert.equal(declared.freshness("a", "queue", 1299), "fresh");
  assert.equal(declared.freshness("a", "queue", 1301), "stale");
  const store = storeOf(null);
  store.fill({ last_event_id: "1-0", to: 1200, latest: [], hosts: { a: { queue: { time: [1000, 1001, 1060, 1120], mean: { length: [1, null, 2, 3] } } } } });
  assert.equal(store.cadence("a", "queue"), 60);
});

test("an exporter or a command of the server is expected as it is set, and no other machine's", () => {
  const store = storeOf(null);
  store.greet({ time: 0, source_cadences: { "queue@a": 20 } });
  hear(store, [1000]);
  store.accept("queue", "1000001-0", { host: "b", time: 1000, length: 1 });
  assert.equal(store.freshness("a", "queue", 1059), "fresh");
  assert.equal(store.freshness("a", "queue", 1061), "stale");
  assert.equal(store.freshness("b", "queue", 1599), "fresh");
  const declared = storeOf(100);
  declared.greet({ time: 0, source_cadences: { "queue@a": 20 } });
  assert.equal(declared.cadence("a", "queue"), 100);
});

test("it says nothing of whether the machine is there", () => {
  const store = storeOf(null);
  hear(store, [1000]);
  assert.equal(store.newest("a"), null);
  assert.equal(store.patienceOfFast("a"), 3);
});
