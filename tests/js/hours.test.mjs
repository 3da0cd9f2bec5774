import assert from "node:assert/strict";
import test from "node:test";
import { darkAt, minuteOfDay, within } from "../../static/js/kiosk/hours.js";

const at = (hour, minute = 0) => hour * 60 + minute;

test("hours of one day begin at the first and end before the last minute", () => {
  const hours = { from: at(12), to: at(13, 30) };
  const inside = [at(12), at(12, 59), at(13, 29)];
  const outside = [at(0), at(11, 59), at(13, 30), at(23, 59)];
  for (const minute of inside) assert.ok(within(hours, minute), String(minute));
  for (const minute of outside) assert.ok(!within(hours, minute), String(minute));
});

test("hours go over midnight", () => {
  const hours = { from: at(22), to: at(7) };
  for (const minute of [at(22), at(23, 59), at(0), at(6, 59)]) assert.ok(within(hours, minute), String(minute));
  for (const minute of [at(7), at(12), at(21, 59)]) assert.ok(!within(hours, minute), String(minute));
});

test("hours until midnight, which the address gives as 0", () => {
  const hours = { from: at(20), to: 0 };
  assert.ok(within(hours, at(23, 59)));
  assert.ok(!within(hours, at(0)));
});

test("of a day's every minute as many are dark as the hours are long", () => {
  for (const [hours, minutes] of [[{ from: at(22), to: at(7) }, 540], [{ from: at(7), to: at(22) }, 900]]) {
    const dark = Array.from({ length: 1440 }, (_, minute) => within(hours, minute)).filter(Boolean);
    assert.equal(dark.length, minutes);
  }
});

test("where both are wanted it is black", () => {
  const hours = { dim: { from: at(20), to: at(7) }, blank: { from: at(23), to: at(6) } };
  const states = [19, 20, 22, 23, 0, 5, 6, 7].map((hour) => darkAt(hours, at(hour)));
  assert.deepEqual(states, [null, "dim", "dim", "blank", "blank", "blank", "dim", null]);
  assert.equal(darkAt({ dim: null, blank: null }, 0), null);
});

test("a minute of the day is the display's own", () => {
  const moment = new Date(2026, 10, 22, 14, 3, 59);
  assert.equal(minuteOfDay(moment.getTime() / 1000), at(14, 3));
});
