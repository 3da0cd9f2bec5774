// What the overview knows of machines: figures, silence, alerts, and what it forgets.
import assert from "node:assert/strict";
import test from "node:test";
import { wantedFor, TILE_FIGURES } from "../../static/js/fleet/figures.js";
import { Machines } from "../../static/js/fleet/machines.js";
import { ageText, statusText } from "../../static/js/fleet/status_text.js";

const NOW = 1_700_000_000;
const ALL = () => true;

function machines(wants = ALL) {
  const made = new Machines({ interval: 1, retention: 3600, wants });
  made.setEvery(2);
  return made;
}

function alert(host, name, level, state = "raised", since = NOW) {
  return { host, time: NOW, alert: name, level, state, since, message: `${name} of ${host}` };
}

test("figures are read from the events that a stream brings for them", () => {
  const known = machines();
  known.accept("cpu", { host: "a", percent: 12.5 }, NOW);
  known.accept("filesystem", { host: "a", mounts: [{ percent: 10 }, { percent: 80 }, { percent: null }] }, NOW);
  known.accept("network", { host: "a", received_bytes_per_second: 1e6 }, NOW);
  known.accept("system", { host: "a", tags: ["web", "prod"] }, NOW);
  known.judge(NOW + 1);
  const a = known.all.get("a");
  assert.equal(known.value(a, "cpu.percent", NOW + 1), 12.5);
  assert.equal(known.value(a, "filesystem.percent", NOW + 1), 80);
  assert.equal(known.value(a, "network.received_bytes_per_second", NOW + 1), 1e6);
  assert.equal(known.value(a, "network.sent_bytes_per_second", NOW + 1), null);
  assert.equal(known.value(a, "memory.percent", NOW + 1), null);
  assert.equal(a.group, "web");
  assert.deepEqual(a.worst, { name: "filesystem.percent", value: 80, level: "" });
});

const RULES = [
  { name: "cpu-busy", figure: "cpu.percent", sign: ">=", limit: 90, level: "warning" },
  { name: "disk-filling", figure: "filesystem.mounts.*.percent", sign: ">=", limit: 85, level: "warning" },
];

test("what is beyond its limit is worse than what is higher", () => {
  const known = machines();
  assert.equal(known.accept("rules", { host: "a", rules: RULES }, NOW), false, "rules are no sign of life");
  assert.equal(known.all.size, 0);
  known.accept("cpu", { host: "a", percent: 88 }, NOW);
  known.accept("filesystem", { host: "a", mounts: [{ percent: 86 }] }, NOW);
  known.judge(NOW);
  assert.equal(known.all.get("a").worst.name, "filesystem.percent");
  assert.equal(statusText(known.all.get("a"), NOW), "Disk 86\u00a0%");
  known.accept("rules", { host: "a", rules: [] }, NOW);
  known.judge(NOW);
  assert.deepEqual(known.all.get("a").worst, { name: "cpu.percent", value: 88, level: "" }, "without rules there is no level");
});

test("nothing is made of tags and mounts that are none", () => {
  const known = machines();
  for (const tags of [null, "web", {}, [7], []]) known.accept("system", { host: "a", tags }, NOW);
  for (const mounts of [null, "x", [null, 3, "y", { percent: "z" }]]) known.accept("filesystem", { host: "a", mounts }, NOW);
  known.judge(NOW);
  assert.equal(known.all.get("a").group, "");
  assert.equal(known.value(known.all.get("a"), "filesystem.percent", NOW), null);
  assert.equal(known.accept("cpu", { percent: 3 }, NOW), false);
});

test("a machine dims after three intervals and is gone after ten, later by the stream's period", () => {
  const known = machines();
  known.accept("cpu", { host: "a", percent: 1 }, NOW);
  const a = known.all.get("a");
  const at = (age) => (known.judge(NOW + age), a.freshness);
  assert.deepEqual([4.9, 5.1, 11.9, 12.1].map(at), ["fresh", "stale", "stale", "gone"]);
  assert.equal(known.value(a, "cpu.percent", NOW + 12.1), null);
  assert.equal(a.worst, null);
  assert.match(ageText(a, NOW + 12.1), /^since \d\d:\d\d:\d\d$/);
  assert.match(statusText(a, NOW + 12.1), /^silent since/);
});

test("ages are by the log's clock, whatever the machine's own says", () => {
  const known = machines();
  known.accept("cpu", { host: "fast", percent: 1, time: NOW + 9999 }, NOW);
  known.accept("cpu", { host: "slow", percent: 1, time: NOW - 9999 }, NOW);
  known.judge(NOW + 1);
  for (const name of ["fast", "slow"]) assert.equal(known.all.get(name).freshness, "fresh");
});

test("a machine that samples every minute is not stale for most of it", () => {
  const known = machines();
  for (const at of [0, 60, 120]) known.accept("cpu", { host: "a", percent: 1 }, NOW + at);
  known.judge(NOW + 175);
  assert.equal(known.all.get("a").freshness, "fresh");
  // One long silence is no habit.
  for (const at of [0, 1, 2, 900, 901]) known.accept("cpu", { host: "b", percent: 1 }, NOW + at);
  known.judge(NOW + 910);
  assert.equal(known.all.get("b").freshness, "stale");
});

test("a machine that says its interval is judged by that", () => {
  const known = machines();
  known.greet({ time: NOW, interval: 1, cadences: { cpu: 1, filesystem: 10 } });
  for (const [host, interval] of [["slow", 10], ["quick", 0.1], ["unsaid", null]]) {
    known.accept("system", { host, interval }, NOW);
    known.accept("cpu", { host, percent: 1 }, NOW);
  }
  known.accept("filesystem", { host: "slow", mounts: [{ percent: 50 }] }, NOW);
  const at = (age) => (known.judge(NOW + age), ["slow", "quick", "unsaid"].map((host) => known.all.get(host).freshness[0]).join(""));
  assert.deepEqual([3, 4, 6, 13, 32, 33, 102, 103].map(at), ["fff", "fsf", "fgs", "fgg", "fgg", "sgg", "sgg", "ggg"]);
  known.judge(NOW + 101);
  assert.equal(known.value(known.all.get("slow"), "filesystem.percent", NOW + 101), 50);
  // The page is live as long as most of them would not have sent another sample.
  assert.deepEqual(known.newest, { newest: NOW, patience: 5 });
  known.accept("cpu", { host: "quick", percent: 1 }, NOW + 20);
  assert.deepEqual(known.newest, { newest: NOW + 20, patience: 5 });
});

test("who was judged before is judged as if for the first time", () => {
  let seed = 7;
  const random = (below) => (seed = (seed * 16807) % 2147483647) % below;
  const FIELDS = { cpu: "percent", memory: "percent", filesystem: "mounts" };
  const steps = [];
  const replay = () => {
    const made = machines();
    for (const step of steps) step(made);
    return made;
  };
  const known = machines();
  const seen = new Set();
  for (let now = NOW; now < NOW + 400; now += random(5)) {
    const host = `m-${random(4)}`;
    const event = Object.keys(FIELDS)[random(3)];
    const share = random(100);
    const data = { host, [FIELDS[event]]: event === "filesystem" ? [{ percent: share }] : share };
    const step = [
      (all) => all.accept(event, data, now),
      (all) => all.accept("system", { host, interval: [null, 1, 10][share % 3] }, now),
      (all) => all.greet({ time: now, interval: 1 + (share % 2) }),
      (all) => all.setEvery(2 + (share % 4)),
      (all) => all.accept("alert", alert(host, "busy", "warning"), now),
    ][random(12)] ?? (() => {});
    step(known);
    steps.push(step);
    // The server's clock may be told anew, and be an earlier one.
    const told = now - (random(10) ? 0 : 8);
    known.judge(told);
    const anew = replay();
    anew.judge(told);
    for (const { name, freshness, worst } of anew.all.values()) {
      const { freshness: held, worst: kept } = known.all.get(name);
      assert.deepEqual([held, kept], [freshness, worst], `${name} at ${told - NOW}`);
      seen.add(held);
    }
    assert.deepEqual(known.newest, anew.newest);
  }
  assert.equal(seen.size, 3);
});

test("a family that hangs takes its own figure with it, not the others", () => {
  const known = machines();
  known.greet({ time: NOW, cadences: { cpu: 1, filesystem: 10 } });
  known.accept("filesystem", { host: "a", mounts: [{ percent: 50 }] }, NOW);
  for (const age of [0, 100, 101, 102]) known.accept("cpu", { host: "a", percent: 5 }, NOW + age);
  known.judge(NOW + 103);
  const a = known.all.get("a");
  assert.equal(known.value(a, "filesystem.percent", NOW + 101), 50);
  assert.equal(known.value(a, "filesystem.percent", NOW + 103), null);
  assert.equal(known.value(a, "cpu.percent", NOW + 103), 5);
});

test("an alert that is acknowledged or silenced does not count, until it is worse", () => {
  const known = machines();
  known.accept("cpu", { host: "a", percent: 10 }, NOW);
  const a = known.all.get("a");
  known.setAlerts([{ ...alert("a", "one", "warning"), id: "1-0", acknowledged: { by: "ann" } }, { ...alert("a", "two", "info"), id: "2-0", silenced: {} }]);
  assert.equal(a.alert, null);
  known.accept("alert", alert("a", "one", "warning", "still"), NOW);
  assert.equal(a.alert, null);
  known.accept("alert", alert("a", "one", "critical", "still"), NOW);
  assert.equal(a.alert.level, "critical");
  known.setAlerts([{ ...alert("a", "one", "warning"), id: "3-0" }]);
  assert.equal(a.alert.level, "warning");
});

test("the gravest open alert counts, and the whole list puts right what was missed", () => {
  const known = machines();
  known.accept("alert", alert("a", "early", "critical"), NOW);
  assert.equal(known.all.size, 0, "an alert alone makes no machine");
  known.accept("cpu", { host: "a", percent: 1 }, NOW);
  const a = known.all.get("a");
  assert.equal(a.alert.name, "early");
  known.accept("alert", alert("a", "other", "warning"), NOW);
  known.accept("alert", alert("a", "early", "critical", "cleared"), NOW);
  assert.equal(a.alert.name, "other");
  const version = a.version;
  known.setAlerts([alert("a", "third", "info")]);
  assert.equal(a.alert.name, "third");
  assert.notEqual(a.version, version);
  known.setAlerts([]);
  assert.equal(a.alert, null);
});

test("who is not asked for is not there, and who is forgotten goes", () => {
  const known = machines((host) => host.startsWith("web-"));
  assert.equal(known.accept("cpu", { host: "db-1", percent: 1 }, NOW), false);
  known.accept("cpu", { host: "web-1", percent: 1 }, NOW);
  known.accept("system", { host: "web-1", interval: 7 }, NOW);
  known.accept("cpu", { host: "web-2", percent: 1 }, NOW + 60);
  const before = known.membership;
  known.forget(NOW + 3601);
  assert.deepEqual([...known.all.keys()], ["web-2"]);
  assert.equal(known.intervals.interval("web-1"), 1);
  assert.ok(known.membership > before);
});

test("a stream is asked for no more than is drawn", () => {
  const tiles = wantedFor(TILE_FIGURES);
  assert.deepEqual(tiles.events, ["cpu", "memory", "filesystem", "network", "system", "alert", "rules"]);
  assert.ok(tiles.fields.includes("filesystem.mounts"));
  assert.ok(tiles.fields.every((field) => !field.startsWith("alert.")), "alerts come whole");
  assert.deepEqual(wantedFor(["memory.percent"]).fields, ["memory.percent", "cpu.percent", "system.tags", "system.interval", "rules.rules"]);
});
