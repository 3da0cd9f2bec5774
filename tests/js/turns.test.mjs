import assert from "node:assert/strict";
import test from "node:test";
import { Turns } from "../../static/js/kiosk/turns.js";

function make(count = 3) {
  const critical = new Set();
  const shown = [];
  const turns = new Turns({ count, each: 30, isCritical: (page) => critical.has(page), show: (page) => shown.push(page) });
  turns.tick(0);
  return { turns, critical, shown };
}

test("each page has its time, one after the other", () => {
  const { turns, shown } = make();
  for (let now = 1; now <= 100; now += 1) turns.tick(now);
  assert.deepEqual(shown, [1, 2, 0]);
});

test("a page with a critical alert comes at once and stays until that is over", () => {
  const { turns, critical, shown } = make();
  turns.tick(10);
  critical.add(2);
  turns.tick(11);
  assert.deepEqual(shown, [2]);
  for (let now = 12; now < 500; now += 1) turns.tick(now);
  assert.deepEqual(shown, [2]);
  critical.clear();
  turns.tick(501);
  turns.tick(528);
  assert.deepEqual(shown, [2], "and has its time then");
  turns.tick(530);
  assert.deepEqual(shown, [2, 0]);
});

test("several with alerts take turns among themselves", () => {
  const { turns, critical, shown } = make(4);
  critical.add(1);
  turns.tick(1);
  critical.add(3);
  for (let now = 2; now <= 95; now += 1) turns.tick(now);
  assert.deepEqual(shown, [1, 3, 1, 3]);
});

test("stopped it stays, but for an alert; steps go both ways", () => {
  const { turns, critical, shown } = make();
  turns.stopped = true;
  turns.tick(100);
  assert.deepEqual(shown, []);
  turns.step(-1, 101);
  turns.step(1, 102);
  critical.add(1);
  turns.tick(103);
  assert.deepEqual(shown, [2, 0, 1]);
});

test("one page alone has no turns", () => {
  const { turns, shown } = make(1);
  for (const now of [31, 62]) turns.tick(now);
  assert.deepEqual(shown, [0, 0], "which show what is shown already");
});
