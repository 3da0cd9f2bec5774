import assert from "node:assert/strict";
import test from "node:test";
import { Store } from "../../static/js/state/store.js";
import { seriesOf } from "../../static/js/state/stretch.js";

function make(options = {}) {
  const wanted = new Map([["cpu", (key) => key === "percent"], ["filesystem", () => true]]);
  return new Store({ interval: 1, window: 300, wanted, ...options });
}

const cpu = (time, percent = 1) => ({ host: "box", time, percent });

test("what it has already is no news", () => {
  const store = make();
  assert.equal(store.accept("cpu", "1-0", cpu(1)), true);
  assert.equal(store.accept("cpu", "1-0", cpu(1)), false);
  assert.deepEqual(store.series("box", "cpu").times, [1]);
});

test("an event without an id comes with the last one, and is news", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(1));
  assert.equal(store.accept("cpu", "1-0", cpu(2)), true);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2]);
});

test("what cannot be drawn is refused", () => {
  const store = make();
  assert.equal(store.accept("news", "1-0", cpu(1)), false);
  assert.equal(store.accept("cpu", "1-0", { host: "box" }), false);
  assert.equal(store.accept("cpu", "1-0", { time: 1 }), false);
});

test("the newest event that history tells is not taken again from the stream", () => {
  const store = make();
  const latest = [{ id: "2-0", host: "box", event: "cpu", data: cpu(2) }];
  store.fill({ last_event_id: "2-0", to: 3, latest, hosts: { box: { cpu: { time: [1, 2], mean: { percent: [4, 5] } } } } });
  assert.equal(store.accept("cpu", "2-0", cpu(2)), false);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2]);
  assert.equal(store.time("box", "cpu"), 2);
});

/** @param {number[]} time */
const history = (time, to = time[time.length - 1]) => {
  const hosts = time.length ? { box: { cpu: { time, mean: { percent: time.map(() => 7) } } } } : {};
  return { last_event_id: null, to, latest: [], hosts };
};

test("history replaces what it has, and what it lacks stays", () => {
  const store = make();
  for (const time of [1, 2, 3.5, 5]) store.accept("cpu", `${time}-0`, cpu(time));
  store.fill(history([2, 3, 4]));
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 3, 3.5, 4, 5]);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent"), [1, 7, 7, 1, 7, 1]);
  assert.equal(store.latest("box", "cpu").time, 5, "of an answer that is older than what came");
  // The stream tells again what came after the answer; a clock that was set back begins anew all the same.
  assert.equal(store.accept("cpu", "5-0", cpu(5)), false);
  store.accept("cpu", "6-0", cpu(6));
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 3, 3.5, 4, 5, 6]);
  store.accept("cpu", "7-0", cpu(2));
  assert.deepEqual(store.series("box", "cpu").times, [1, 2]);
});

test("what is newest in the page stays where a log that was lost has only something older, or nothing", () => {
  const store = make();
  for (const time of [1, 2, 3]) store.accept("cpu", `${time}-0`, cpu(time, time));
  const latest = [{ id: "2-0", host: "box", event: "cpu", data: cpu(2, 2) }];
  store.fill({ ...history([], 4), latest });
  assert.deepEqual([store.latest("box", "cpu").percent, store.series("box", "cpu").times], [3, [1, 2, 3]]);
  store.fill(history([1], 4));
  assert.equal(store.latest("box", "cpu").percent, 3);
  store.fill({ ...history([1], 4), latest: [{ ...latest[0], data: cpu(4, 9) }] });
  assert.equal(store.latest("box", "cpu").percent, 9);
});

test("what is said seldom stays until it would have been said again, whatever the window", () => {
  const store = make({ window: 60, wanted: new Map([["cpu", () => true], ["rules", () => false]]) });
  store.accept("rules", "1-0", { host: "box", time: 100, rules: [] });
  for (let now = 150; now <= 1000; now += 50) {
    store.fill(history([now - 1], now));
    assert.equal(store.latest("box", "rules")?.time, 100);
  }
  store.fill(history([1001], 1002));
  assert.equal(store.latest("box", "rules"), null);
});

test("whatever a log loses, a page has each sample once, in order", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 16807) % 2147483647) % below;
  for (let round = 0; round < 500; round += 1) {
    const store = make();
    let [log, held, ids, told] = [[], [], 0, 0];
    const shown = [];
    let [built, isAway] = [[], false];
    /** The log takes what was held, and those who follow it are told. */
    const flush = (most) => {
      for (const time of held.splice(0, most)) log.push({ id: `${(ids += 1)}-0`, time });
    };
    const follow = () => {
      for (const { id, time } of log.filter((each) => Number.parseInt(each.id) > told)) {
        const { length } = store.series("box", "cpu").times;
        store.accept("cpu", id, cpu(time, time));
        assert.ok(store.series("box", "cpu").times.length >= length, "nothing goes for a moment, either");
      }
      told = ids;
    };
    for (let time = 1; time < 60; time += 1) {
      const chance = random(20);
      if (chance === 0) isAway = true;
      else if (chance === 1 && isAway) [log, isAway] = [[], false];
      else if (chance === 2) isAway = false;
      else if (chance === 3) built = [...new Set([...built, ...log.map((each) => each.time)])];
      held.push(time);
      shown.push(time);
      if (isAway) store.accept("cpu", `${told}-0`, cpu(time, time), false);
      else {
        flush(1 + random(held.length));
        if (held.length) for (const each of held.filter((at) => at > (store.time("box", "cpu") ?? 0))) store.accept("cpu", `${told}-0`, cpu(each, each), false);
        // History is asked for, and what comes meanwhile is in the page already.
        if (random(4) === 0) {
          const last = log.at(-1);
          const times = [...new Set([...built, ...log.map((each) => each.time)])].sort((a, b) => a - b);
          const answer = { ...history(times, time), latest: last ? [{ id: last.id, host: "box", event: "cpu", data: cpu(last.time, last.time) }] : [] };
          for (const columns of Object.values(answer.hosts)) columns.cpu.mean.percent = times;
          if (random(2)) follow();
          store.fill(answer);
          told = last ? Number.parseInt(last.id) : told;
        }
        follow();
      }
      const series = store.series("box", "cpu");
      assert.deepEqual(series.times, shown, `round ${round}`);
      assert.deepEqual(series.columns.get("percent"), shown);
      assert.equal(store.time("box", "cpu"), time);
    }
  }
});

test("what a log has lost stays until the window has passed, with a gap behind it", () => {
  const store = make();
  for (let time = 1; time <= 40; time += 1) store.accept("cpu", `${time}-0`, cpu(time));
  store.fill(history([], 41));
  assert.equal(store.time("box", "cpu"), 40);
  assert.equal(store.series("box", "cpu").times.length, 40);
  store.fill(history([50, 51]));
  assert.deepEqual(store.series("box", "cpu").times.slice(-4), [40, 41, 50, 51]);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent").slice(-4), [1, null, 7, 7]);
  store.fill(history([325]));
  assert.deepEqual(store.series("box", "cpu").times.slice(0, 2), [25, 26]);
  store.fill(history([], 1300));
  assert.deepEqual(store.series("box", "cpu").times, []);
  assert.equal(store.entries.size, 1, "asked for just now; all that was known has gone");
});

test("a family that a machine says to be missing is absent", () => {
  const store = make({ wanted: new Map([["system", () => false]]) });
  store.greet({ time: 100, interval: 1, cadences: { cpu: 1, gpu: 1 } });
  assert.equal(store.freshness("box", "gpu", 200), "missing");
  store.accept("system", "1-0", { host: "box", time: 110, missing: { gpu: "no driver" } });
  assert.equal(store.freshness("box", "gpu", 110), "absent");
  assert.equal(store.freshness("box", "constructor", 110), "absent", "as there is no such family");
  store.accept("system", "2-0", { host: "box", time: 111 });
  assert.equal(store.freshness("box", "gpu", 200), "missing");
});

test("freshness is by each family's own cadence", () => {
  const store = make();
  assert.equal(store.freshness("box", "cpu", 0), "waiting");
  store.greet({ time: 100, interval: 1, cadences: { cpu: 1, filesystem: 10 } });
  assert.equal(store.freshness("box", "cpu", 104), "waiting");
  assert.equal(store.freshness("box", "cpu", 104.1), "missing");
  assert.equal(store.freshness("box", "sensors", 100), "absent");
  store.accept("cpu", "1-0", cpu(110));
  store.accept("filesystem", "2-0", { host: "box", time: 110, mounts: [] });
  assert.equal(store.freshness("box", "cpu", 113), "fresh");
  assert.equal(store.freshness("box", "cpu", 113.1), "stale");
  assert.equal(store.freshness("box", "filesystem", 140), "fresh");
  assert.equal(store.freshness("box", "filesystem", 140.1), "stale");
});

test("after ten cadences figures are gone, and back with the next sample", () => {
  const store = make();
  store.greet({ time: 100, interval: 1, cadences: { cpu: 1, filesystem: 10 } });
  store.accept("cpu", "1-0", cpu(110));
  store.accept("filesystem", "2-0", { host: "box", time: 110, mounts: [] });
  assert.equal(store.freshness("box", "cpu", 120), "stale");
  assert.equal(store.freshness("box", "cpu", 120.1), "gone");
  assert.equal(store.freshness("box", "filesystem", 120.1), "fresh");
  assert.equal(store.freshness("box", "filesystem", 210), "stale");
  assert.equal(store.freshness("box", "filesystem", 210.1), "gone");
  store.accept("cpu", "3-0", cpu(121));
  assert.equal(store.freshness("box", "cpu", 121), "fresh");
  // Twenty a second: silence is not counted in blinks of an eye.
  const quick = make({ interval: 0.05 });
  quick.accept("cpu", "1-0", cpu(110));
  assert.equal(quick.freshness("box", "cpu", 113.3), "stale");
  assert.equal(quick.freshness("box", "cpu", 113.4), "gone");
});

test("only the fast families tell the link's age", () => {
  const store = make();
  store.greet({ time: 100, interval: 1, cadences: { cpu: 1, filesystem: 10 } });
  store.accept("filesystem", "1-0", { host: "box", time: 150, mounts: [] });
  assert.equal(store.newest("box"), null);
  store.accept("cpu", "2-0", cpu(120));
  assert.equal(store.newest("box"), 120);
  assert.equal(store.newest("other"), null);
});

test("a short interval still leaves a second for delivery", () => {
  const store = make({ interval: 0.05 });
  assert.equal(store.patienceOfFast("box"), 1);
  assert.equal(make({ interval: 2 }).patienceOfFast("box"), 6);
});

test("what is held stays as it is, while all else goes on", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(1, 5));
  store.hold();
  store.accept("cpu", "2-0", cpu(2, 6));
  store.hold();
  assert.deepEqual(store.series("box", "cpu").times, [1]);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent"), [5]);
  assert.equal(store.latest("box", "cpu").percent, 6);
  assert.equal(store.time("box", "cpu"), 2);
  store.fill({ last_event_id: "9-0", to: 9, latest: [], hosts: { box: { cpu: { time: [8], mean: { percent: [7] } } } } });
  assert.deepEqual(store.series("box", "cpu").times, [1], "not even history takes it away");
  store.letGo();
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 3, 8]);
});

test("a stretch of the past is drawn in place of what is held, until that is let go", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(500, 5));
  const spans = { span: 60, time: [100, 160], mean: { percent: [5, 6], other: [1, 1] }, low: { percent: [1, 1] }, high: { percent: [9, 9] } };
  store.hold(seriesOf({ hosts: { box: { cpu: spans } } }, store.wanted));
  const { times, columns, bands } = store.series("box", "cpu");
  assert.deepEqual([times, [...columns.keys()], bands.high.get("percent")], [[130, 190], ["percent"], [9, 9]]);
  assert.deepEqual(store.series("box", "filesystem").times, [], "not what is now");
  assert.equal(store.latest("box", "cpu").percent, 5);
  store.letGo();
  assert.deepEqual(store.series("box", "cpu").times, [500]);
});

test("another window has room for as much", () => {
  const store = make();
  const { capacity } = store.series("box", "cpu");
  store.window = 900;
  store.fill({ last_event_id: null, to: 3, latest: [], hosts: { box: { cpu: { time: [1], mean: { percent: [1] } } } } });
  assert.equal(store.series("box", "cpu").capacity, capacity + 600);
});

test("what was held while the log was away is not drawn twice, and not backwards", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(1, 1), true);
  for (let time = 2; time <= 5; time += 1) assert.equal(store.accept("cpu", "1-0", cpu(time, time), false), true);
  for (let time = 2; time <= 5; time += 1) {
    assert.equal(store.accept("cpu", `9-${time}`, cpu(time, time), true), false);
    assert.deepEqual(store.series("box", "cpu").times, [1, 2, 3, 4, 5]);
    assert.equal(store.time("box", "cpu"), 5);
  }
  store.accept("cpu", "10-0", cpu(6, 6), true);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent"), [1, 2, 3, 4, 5, 6]);
});

test("what was held fills the hole of a page that came while the log was away", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(1, 1), true);
  for (let time = 8; time <= 10; time += 1) store.accept("cpu", "1-0", cpu(time, time), false);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 8, 9, 10], "a gap");
  const news = [];
  for (let time = 2; time <= 10; time += 1) news.push(store.accept("cpu", `20-${time}`, cpu(time, time), true));
  assert.deepEqual(news, [true, true, true, true, true, true, false, false, false]);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.equal(store.latest("box", "cpu").percent, 10);
});

test("where samples had to be dropped a gap stays", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(1, 1), true);
  for (let time = 20; time <= 22; time += 1) store.accept("cpu", "1-0", cpu(time, time), false);
  for (let time = 18; time <= 22; time += 1) store.accept("cpu", `30-${time}`, cpu(time, time), true);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2, 18, 19, 20, 21, 22]);
  assert.deepEqual(store.series("box", "cpu").columns.get("percent"), [1, null, 18, 19, 20, 21, 22]);
});

test("a clock that is set back still begins anew, once the log is back", () => {
  const store = make();
  for (let time = 1; time <= 4; time += 1) store.accept("cpu", `${time}-0`, cpu(time), time < 4);
  store.accept("cpu", "5-0", cpu(4), true);
  store.accept("cpu", "6-0", cpu(2), true);
  assert.deepEqual(store.series("box", "cpu").times, [1, 2]);
  assert.equal(store.time("box", "cpu"), 2);
});

const system = (host, interval) => ({ host, time: 100, interval });

test("a machine is judged by its own interval, once it has said it", () => {
  const store = make();
  store.greet({ time: 100, interval: 1, cadences: { cpu: 1, filesystem: 10 } });
  for (const host of ["box", "slow", "old"]) store.accept("cpu", "1-0", { host, time: 100, percent: 1 });
  assert.equal(store.accept("system", "1-1", system("slow", 15)), false, "it is heard, though nobody shows it");
  store.accept("system", "1-2", system("old", null));
  assert.deepEqual(["box", "old", "slow"].map((host) => store.freshness(host, "cpu", 120)), ["gone", "gone", "fresh"]);
  assert.deepEqual([145, 145.1, 250, 250.1].map((now) => store.freshness("slow", "cpu", now)), ["fresh", "stale", "stale", "gone"]);
  assert.equal(store.patienceOfFast("slow"), 45);
  assert.equal(store.intervals.cadence("slow", "filesystem"), 15);
});

test("the lines of a machine that is sampled seldom are not broken, but by its own silence", () => {
  const store = make();
  store.fill({ last_event_id: "1-0", to: 100, hosts: {}, latest: [{ id: "1-0", host: "slow", event: "system", data: system("slow", 10) }] });
  for (const time of [100, 110, 140, 171]) store.accept("cpu", `${time}-0`, { host: "slow", time, percent: 1 });
  assert.deepEqual(store.series("slow", "cpu").times, [100, 110, 140, 150, 171]);
  assert.deepEqual(store.series("slow", "cpu").columns.get("percent"), [1, 1, 1, null, 1]);
});

test("what seems to be from later is not kept over a history without it", () => {
  const store = make();
  store.accept("cpu", "1-0", cpu(5000));
  store.fill(history([], 900));
  assert.equal(store.time("box", "cpu"), null);
  store.accept("cpu", "1-0", cpu(5000));
  store.fill(history([899], 900));
  assert.equal(store.time("box", "cpu"), 899);
});

test("what is sampled less often than it was keeps its past", () => {
  const store = make();
  for (let time = 1; time <= 290; time += 1) store.accept("cpu", `${time}-0`, cpu(time));
  store.accept("system", "300-0", system("box", 10));
  store.accept("cpu", "300-1", cpu(300));
  assert.equal(store.series("box", "cpu").times[0], 1);
  const quick = make({ interval: 0.1 });
  for (let time = 1; time <= 1500; time += 1) quick.accept("cpu", `${time}-0`, cpu(time / 10));
  quick.accept("system", "300-0", system("box", 10));
  quick.accept("cpu", "300-1", cpu(160));
  assert.equal(quick.series("box", "cpu").times[0], 0.1);
});

test("what is sampled more often than it was has room for more", () => {
  const store = make({ interval: 10 });
  const { capacity } = store.series("box", "cpu");
  store.accept("system", "1-0", system("box", 0.5));
  assert.equal(store.series("box", "cpu").capacity, capacity + 570);
});
