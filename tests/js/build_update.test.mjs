import assert from "node:assert/strict";
import test from "node:test";
import { BuildUpdate } from "../../static/js/kiosk/build_update.js";
import { reloadWhenServed } from "../../static/js/kiosk/reload.js";
import { shiftAt } from "../../static/js/kiosk/pixel_shift.js";
import { ReloadRequest } from "../../static/js/kiosk/reload_request.js";

const HOUR = 3600;

/** A tab over its reloads: the server's build, the page that it is given, and hours that pass. */
class Tab {
  constructor({ build = "old", remembers = true } = {}) {
    this.now = 1_795_330_000;
    this.server = build; // what hello says
    this.served = build; // the page that is to be had; null: nobody answers
    this.remembers = remembers;
    this.loads = [];
    this.reloads = 0;
    this.open(build);
  }

  open(build) {
    this.note = "";
    this.wishes = [];
    this.timers = [];
    this.page = new BuildUpdate({
      build,
      say: (text) => (this.note = text),
      now: () => this.now,
      reload: (wish) => {
        this.wishes.push(wish);
        return () => this.wishes.splice(this.wishes.indexOf(wish), 1);
      },
      later: (act, milliseconds) => {
        const timer = { act, at: this.now + milliseconds / 1000 };
        this.timers.push(timer);
        return () => this.timers.splice(this.timers.indexOf(timer), 1);
      },
      recall: () => this.loads,
      keep: (loads) => {
        if (this.remembers) this.loads = loads;
        return this.remembers;
      },
    });
    this.page.hear(this.server);
  }

  /** What the wishes do once their time has come. */
  settle() {
    const wish = this.wishes.find(({ fits }) => this.served !== null && fits(this.served));
    if (!wish) return;
    wish.leave();
    this.reloads += 1;
    this.open(this.served);
  }

  pass(seconds) {
    this.now += seconds;
    for (const timer of this.timers.filter(({ at }) => at <= this.now)) {
      this.timers.splice(this.timers.indexOf(timer), 1);
      timer.act();
    }
    this.settle();
  }

  deploy(server, served = server) {
    this.server = server;
    this.served = served;
    this.page.hear(server);
    this.settle();
  }
}

test("the same build is nothing to do", () => {
  const tab = new Tab();
  tab.page.hear("old");
  tab.settle();
  assert.deepEqual([tab.reloads, tab.note], [0, ""]);
});

test("a new build loads the page once", () => {
  const tab = new Tab();
  tab.deploy("new");
  for (let minute = 0; minute < 300; minute += 1) {
    tab.page.hear("new");
    tab.pass(60);
  }
  assert.deepEqual([tab.reloads, tab.note], [1, ""]);
});

test("it waits for a server that does not answer", () => {
  const tab = new Tab();
  tab.deploy("new", null);
  assert.equal(tab.reloads, 0);
  tab.served = "new";
  tab.settle();
  assert.equal(tab.reloads, 1);
});

test("a build that is gone again before the load is not waited for", () => {
  const tab = new Tab();
  tab.deploy("new", null);
  tab.deploy("old");
  assert.deepEqual([tab.reloads, tab.note], [0, ""]);
});

test("a page that comes back old says so, and is not loaded again until it would help", () => {
  const tab = new Tab();
  tab.deploy("new", "old");
  assert.equal(tab.reloads, 1);
  assert.match(tab.note, /^this page is of version old, the server of new: .* the next try is at \d\d:\d\d$/);
  for (let hour = 0; hour < 48; hour += 1) tab.pass(HOUR);
  assert.equal(tab.reloads, 1);
  assert.match(tab.note, /^this page is of version old/);
  tab.served = "new";
  tab.settle();
  assert.deepEqual([tab.reloads, tab.note], [2, ""]);
});

test("two servers of different builds do not send it to and fro", () => {
  const tab = new Tab();
  let turn = 0;
  for (let minute = 0; minute < 240; minute += 1) {
    turn += 1;
    tab.deploy(turn % 2 ? "new" : "old", turn % 3 ? "new" : "old");
    tab.pass(60);
  }
  assert.ok(tab.reloads > 0);
  assert.ok(tab.reloads <= 10, String(tab.reloads));
});

test("a build that is taken back and brought again", () => {
  const tab = new Tab();
  tab.deploy("new");
  tab.pass(60);
  tab.deploy("old");
  tab.pass(60);
  assert.deepEqual([tab.reloads, tab.note], [2, ""]);
  tab.deploy("new");
  assert.equal(tab.reloads, 2);
  assert.notEqual(tab.note, "");
  tab.pass(HOUR);
  assert.deepEqual([tab.reloads, tab.note], [3, ""]);
});

test("a server's clock that was set back holds nothing up", () => {
  const tab = new Tab();
  tab.deploy("new", "old");
  tab.now -= 30 * 24 * HOUR;
  tab.open("old");
  tab.served = "new";
  tab.settle();
  assert.deepEqual([tab.reloads, tab.note], [2, ""]);
});

test("what cannot be remembered is left to people", () => {
  const tab = new Tab({ remembers: false });
  tab.deploy("new");
  assert.equal(tab.reloads, 0);
  assert.match(tab.note, /load it anew$/);
});

test("only so many builds are remembered", () => {
  const tab = new Tab();
  for (let number = 0; number < 50; number += 1) tab.deploy(`build ${number}`);
  assert.equal(tab.reloads, 50);
  assert.ok(tab.loads.length <= 8);
  assert.equal(tab.loads.at(-1).build, "build 49");
});

// How a page is left.

/** Timers that the test lets come, and a server's answers in their turn. */
function means(answers, random = 0.5) {
  const made = {
    waits: [],
    reloads: 0,
    random: () => random,
    served: async () => answers.shift() ?? null,
    reload: () => (made.reloads += 1),
    later: (act, milliseconds) => {
      made.waits.push(milliseconds);
      made.next = act;
      return () => (made.next = null);
    },
  };
  return made;
}

test("a page is left only when another one is served", async () => {
  const left = [];
  const made = means([null, null, "a", "b"]);
  reloadWhenServed({ within: 10_000, fits: (build) => build === "b", leave: () => left.push(made.reloads) }, made);
  for (let turn = 0; turn < 4; turn += 1) await made.next();
  assert.equal(made.reloads, 1);
  assert.deepEqual(left, [0], "right before");
  assert.deepEqual(made.waits, [5000, 7500, 7500, 7500]);
});

test("a wall of displays comes one by one", () => {
  const waits = [0, 0.25, 0.999].map((random) => {
    const made = means([], random);
    reloadWhenServed({ within: 10_000 }, made);
    return made.waits[0];
  });
  assert.deepEqual(waits, [0, 2500, 9990]);
});

test("a wish that was taken back while the server was asked", async () => {
  const made = means(["a"]);
  const cancel = reloadWhenServed({ within: 0 }, made);
  const asking = made.next();
  cancel();
  await asking;
  assert.equal(made.reloads, 0);
  assert.equal(made.waits.length, 1);
});

// Who asks for it.

test("a wish from before the page was loaded is none", () => {
  const obeyed = [];
  const request = new ReloadRequest(null, (time) => obeyed.push(time));
  request.hear(50);
  request.know(100);
  request.know(10);
  for (const time of [50, 100, NaN]) request.hear(time);
  assert.deepEqual(obeyed, []);
  request.hear(101);
  request.hear(101);
  assert.deepEqual(obeyed, [101]);
});

test("a wish that was obeyed is not obeyed again, whatever the clocks say", () => {
  const obeyed = [];
  const request = new ReloadRequest(500, (time) => obeyed.push(time));
  request.know(100);
  request.hear(500);
  assert.deepEqual(obeyed, []);
});

// Where the page stands.

test("the shift is small, even, never to the right or down, and comes back", () => {
  for (const unit of [12, 16, 17.3, 32, 40]) {
    const places = Array.from({ length: 8 }, (_, place) => shiftAt(place, unit));
    assert.deepEqual(shiftAt(8, unit), places[0]);
    assert.equal(new Set(places.map(String)).size, 8);
    places.forEach(([x, y], index) => {
      for (const part of [x, y]) {
        assert.ok(part <= 0 && part % 2 === 0, String(part));
        assert.ok(-part < 0.75 * unit, `${part} leaves the padding at ${unit}`);
      }
      const [nextX, nextY] = places[(index + 1) % 8];
      assert.equal(Math.abs(nextX - x) + Math.abs(nextY - y), Math.abs(places[1][0]), "one step at a time");
    });
  }
});
