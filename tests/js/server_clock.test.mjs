import assert from "node:assert/strict";
import test from "node:test";
import { ServerClock } from "../../static/js/state/server_clock.js";

/** A clock, and the monotonic seconds that it stands on. */
function stand() {
  const at = { seconds: 1000 };
  return { at, clock: new ServerClock(() => at.seconds * 1000) };
}

test("it knows nothing before it is told", () => {
  assert.ok(Number.isNaN(stand().clock.now()));
});

test("it goes on from what it was told", () => {
  const { at, clock } = stand();
  clock.hear(5_000_000);
  at.seconds += 12.5;
  assert.equal(clock.now(), 5_000_012.5);
});

test("a sample is never from the future", () => {
  const { clock } = stand();
  clock.sample(700, false, 3);
  assert.equal(clock.now(), 700);
  clock.sample(702, false, 3);
  assert.equal(clock.now(), 702);
});

test("a sample that is late leaves it alone", () => {
  const { at, clock } = stand();
  clock.hear(1000);
  at.seconds += 60;
  clock.sample(1020, false, 3);
  assert.equal(clock.now(), 1060);
});

test("the server's clock set back is followed at once", () => {
  const { clock } = stand();
  clock.hear(5000);
  clock.sample(4940, true, 3);
  assert.equal(clock.now(), 4940);
});

test("it follows a drift of days, and still shows a delivery that is late", () => {
  const { at, clock } = stand();
  clock.hear(0);
  const offset = () => clock.now() - (at.seconds - 1000);
  // The server's clock is slow by 8.6 s a day, and samples come at once.
  for (let second = 1; second <= 86_400; second += 1) {
    at.seconds += 1;
    clock.sample(second * 0.9999, false, 3);
  }
  assert.ok(Math.abs(clock.now() - 86_400 * 0.9999) < 0.01, String(offset()));
  // From now on each sample is a second late: that is to be seen for an hour at least.
  const before = clock.now();
  for (let second = 1; second <= 3000; second += 1) {
    at.seconds += 1;
    clock.sample(before + second - 1, false, 3);
  }
  const age = clock.now() - (before + 3000 - 1);
  assert.ok(age > 0.05, String(age));
});

test("after a leap of the monotonic clock the next sample tells the time", () => {
  const { at, clock } = stand();
  clock.hear(700);
  clock.look();
  at.seconds += 1;
  clock.look();
  clock.sample(700.5, false, 3);
  assert.equal(Math.round(clock.now() * 10), 7010, "an ordinary sample is half a second old");
  at.seconds += 600;
  clock.look();
  assert.ok(clock.now() > 1300);
  clock.sample(701.5, false, 3);
  assert.equal(clock.now(), 701.5);
  at.seconds += 1;
  clock.sample(701.5, false, 3);
  assert.ok(clock.now() > 702.4, "only once");
});
