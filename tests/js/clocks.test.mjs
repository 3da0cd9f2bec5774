import assert from "node:assert/strict";
import test from "node:test";
import { ServerClock } from "../../static/js/state/server_clock.js";
import { Clocks, durationText } from "../../static/js/kiosk/clocks.js";

const START = 1_795_330_000;
const HOUR = 3600;

/** A display and a server, each with a clock that may be set, and a second at a time. */
class Stand {
  constructor() {
    this.monotonic = 100;
    this.own = this.server = START;
    this.connected = true;
    this.notes = new Map();
    this.said = [];
    this.clock = new ServerClock(() => this.monotonic * 1000);
    this.clocks = new Clocks((topic, text) => {
      if (text && this.notes.get(topic) !== text) this.said.push(text);
      if (text) this.notes.set(topic, text);
      else this.notes.delete(topic);
    });
    this.last = this.server;
    this.hello();
  }

  hello(late = 0) {
    this.clock.hear(this.server - late);
  }

  /** Seconds that pass, with a sample in each. */
  pass(seconds) {
    for (let second = 0; second < seconds; second += 1) {
      this.monotonic += 1;
      this.own += 1;
      this.server += 1;
      if (this.connected) {
        this.clock.sample(this.server, this.server < this.last, 3);
        this.last = this.server;
      }
      this.judge();
    }
    return this;
  }

  judge() {
    const { offset, heardAt } = this.clock;
    this.clocks.judge({ monotonic: this.monotonic, own: this.own, offset, heardAt });
  }

  /** The machine sleeps: its monotonic clock stands still. */
  sleep(seconds) {
    this.own += seconds;
    this.server += seconds;
  }

  get texts() {
    return [...this.notes.values()].map((text) => text.replaceAll("\u00a0", " "));
  }
}

test("clocks that agree are not spoken of", () => {
  const stand = new Stand();
  stand.own += 4.9;
  stand.pass(60);
  assert.deepEqual(stand.said, []);
});

test("a display's clock that is wrong is named until it is right", () => {
  const stand = new Stand();
  stand.own += 180;
  stand.pass(2);
  assert.deepEqual(stand.texts, [], "not before it has lasted");
  stand.pass(8);
  assert.deepEqual(stand.texts, ["this display's clock is 3 min ahead of the server's"]);
  stand.pass(HOUR);
  assert.equal(stand.said.length, 1, "said once");
  stand.own -= 180 + 2 * HOUR;
  stand.pass(1);
  assert.deepEqual(stand.texts, ["this display's clock is 2 h behind the server's"]);
  stand.own += 2 * HOUR;
  stand.pass(1);
  assert.deepEqual(stand.texts, []);
  assert.equal(stand.said.length, 2);
});

test("a server's clock that was set is named for ten minutes", () => {
  const stand = new Stand();
  stand.pass(60);
  stand.server -= HOUR;
  stand.pass(10);
  const [back] = stand.texts.filter((text) => text.startsWith("the server's clock"));
  assert.match(back, /^the server's clock was set back by 1 h at \d\d:\d\d$/);
  // And the display's, which is right, now differs from it.
  assert.ok(stand.texts.includes("this display's clock is 1 h ahead of the server's"));
  stand.pass(585);
  assert.ok(stand.texts.includes(back));
  stand.pass(20);
  assert.ok(!stand.texts.includes(back));
  stand.server += HOUR + 30;
  stand.pass(10);
  assert.match(stand.notes.get("server-clock"), /^the server's clock was set forward by 1.h 1.min at/);
});

test("a display that slept is no clock that was set, however late the network comes back", () => {
  for (const wait of [0, 30]) {
    const stand = new Stand();
    stand.pass(60);
    stand.connected = false;
    stand.sleep(8 * HOUR);
    stand.pass(wait);
    stand.hello();
    stand.connected = true;
    stand.pass(60);
    assert.deepEqual(stand.said, [], String(wait));
  }
});

test("a hello that comes late is no clock that was set", () => {
  const stand = new Stand();
  stand.pass(60);
  stand.hello(20);
  stand.pass(60);
  assert.deepEqual(stand.said, []);
});

test("a display's clock that is put right is none of the server's", () => {
  const stand = new Stand();
  stand.own -= 600;
  stand.pass(60);
  stand.own += 600;
  stand.pass(60);
  assert.deepEqual(stand.said.map((text) => text.slice(0, 20)), ["this display's clock"]);
});

test("days apart, two clocks drift, and neither was set", () => {
  const stand = new Stand();
  stand.pass(60);
  stand.connected = false;
  stand.pass(3 * 24 * HOUR);
  stand.server += 8;
  stand.own += 8;
  stand.hello();
  stand.connected = true;
  stand.pass(60);
  assert.deepEqual(stand.said, []);
});

test("a server's clock that was set while there was no connection", () => {
  const stand = new Stand();
  stand.pass(60);
  stand.connected = false;
  stand.server += HOUR;
  stand.pass(120);
  assert.deepEqual(stand.said, [], "nobody can know yet");
  stand.hello();
  stand.connected = true;
  stand.pass(10);
  assert.match(stand.notes.get("server-clock"), /was set forward by 1.h at/);
});

test("times in words", () => {
  const words = [5.2, -42, 99, 180, 3600, -5400, 86_400, 172_800 * 2].map((seconds) => durationText(seconds).replaceAll("\u00a0", " "));
  assert.deepEqual(words, ["5 s", "42 s", "99 s", "3 min", "1 h", "1 h 30 min", "24 h", "4 d"]);
});
