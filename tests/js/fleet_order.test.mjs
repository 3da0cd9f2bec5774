// In which order machines stand, and that they do not change places all the time; how many fit.
import assert from "node:assert/strict";
import test from "node:test";
import { cellsFor, columnsForTiles, tilesFit } from "../../static/js/fleet/layout.js";
import { Machines } from "../../static/js/fleet/machines.js";
import { Order } from "../../static/js/fleet/order.js";

const NOW = 1_700_000_000;

function fleet(loads, now = NOW) {
  const machines = new Machines({ interval: 1, retention: 1e6, wants: () => true });
  for (const [host, percent] of Object.entries(loads)) machines.accept("cpu", { host, percent }, now);
  machines.judge(now);
  return machines;
}

function names(order, machines, now = NOW) {
  machines.judge(now);
  order.renew(machines, now);
  return order.machines.map(({ name }) => name);
}

const alert = (host, level, state = "raised") => ({ host, time: NOW, alert: "x", level, state, since: NOW, message: "x" });

test("the worst first: critical, lately silent, warning, then by load", () => {
  const machines = fleet({ calm: 5, busy: 70, warned: 1, bad: 2 });
  machines.accept("cpu", { host: "silent", percent: 9 }, NOW - 100);
  machines.accept("cpu", { host: "away", percent: 9 }, NOW - 10_000);
  machines.accept("alert", alert("warned", "warning"), NOW);
  machines.accept("alert", alert("bad", "critical"), NOW);
  assert.deepEqual(names(new Order("worst"), machines), ["bad", "silent", "warned", "busy", "calm", "away"]);
});

test("those of one rank change places seldom, and only for a reason", () => {
  const machines = fleet({ a: 50, b: 40 });
  const order = new Order("worst");
  const load = (host, percent, now) => machines.accept("cpu", { host, percent }, now);
  assert.deepEqual(names(order, machines), ["a", "b"]);
  load("b", 99, NOW + 2);
  load("a", 50, NOW + 2);
  assert.deepEqual(names(order, machines, NOW + 2), ["a", "b"], "too soon");
  load("b", 55, NOW + 60);
  load("a", 54, NOW + 60);
  assert.deepEqual(names(order, machines, NOW + 60), ["b", "a"]);
  load("b", 54, NOW + 120);
  load("a", 59, NOW + 120);
  machines.judge(NOW + 120);
  assert.equal(order.renew(machines, NOW + 120), false, "too little");
  machines.accept("alert", alert("a", "warning"), NOW + 121);
  assert.deepEqual(names(order, machines, NOW + 121), ["a", "b"], "another rank counts at once");
  machines.accept("cpu", { host: "c", percent: 1 }, NOW + 122);
  assert.deepEqual(names(order, machines, NOW + 122), ["a", "b", "c"]);
});

test("by name as people count, and by group", () => {
  const machines = fleet({ "web-10": 1, "web-9": 1, db: 99 });
  assert.deepEqual(names(new Order("name"), machines), ["db", "web-9", "web-10"]);
  const order = new Order("group");
  assert.deepEqual(names(order, machines), ["db", "web-9", "web-10"]);
  machines.accept("system", { host: "web-10", tags: ["a"] }, NOW);
  machines.accept("system", { host: "db", tags: ["b"] }, NOW);
  assert.deepEqual(names(order, machines), ["web-10", "db", "web-9"], "those without a group last");
  machines.judge(NOW + 1);
  assert.equal(order.renew(machines, NOW + 1), false);
  order.sort = "name";
  assert.deepEqual(names(order, machines, NOW + 2), ["db", "web-9", "web-10"], "when the page becomes a map");
});

test("tiles are as large as the screen allows, and none is too small to be read", () => {
  assert.equal(columnsForTiles([12], 1900, 1000), 4);
  assert.equal(columnsForTiles([2], 1900, 1000), 2);
  assert.equal(columnsForTiles([1], 1900, 1000), 1);
  assert.equal(tilesFit([12], 1900, 980, 16), true);
  assert.equal(tilesFit([50], 1900, 980, 16), true);
  assert.equal(tilesFit([200], 1900, 980, 16), false);
  assert.equal(tilesFit([12], 1900, 920, 16 * 1.7), true);
  assert.equal(tilesFit([50], 1900, 920, 16 * 1.7), false);
  // A group begins a row, below its name.
  assert.equal(columnsForTiles([6, 6], 1900, 1000, 26), 3);
  assert.equal(tilesFit(Array(7).fill(1), 1900, 980, 16, 26), true);
  assert.equal(tilesFit(Array(8).fill(1), 1900, 980, 16, 26), false);
});

test("all cells are on the screen, whatever the groups", () => {
  for (const groups of [[1], [200], [1000], [3, 1, 700, 20, 1], Array(40).fill(25)]) {
    for (const [width, height] of [[1500, 950], [360, 640], [3000, 2000]]) {
      const { columns, height: cell } = cellsFor(groups, width, height, 20);
      const rows = groups.reduce((sum, count) => sum + Math.ceil(count / columns), 0);
      const fits = rows * cell + groups.length * 20 <= height + 0.001;
      assert.ok(fits || cell === 8, `${groups.length} groups on ${width}x${height}: ${rows} rows of ${cell}`);
      assert.ok(columns * cell <= width);
    }
  }
});
