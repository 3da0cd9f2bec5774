// A browser whose time is moved on by hand and whose server answers as it is told, for tests of the
// connection over minutes and hours. That it connects at all is tests/page's to show.

const SET = [
  ...["performance", "Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  ...["addEventListener", "document", "fetch", "EventSource"],
];

export class FakeBrowser {
  /** Takes the place of node's own time and network until the test ends. */
  constructor(t) {
    this.now = 0;
    /** Milliseconds by which the wall clock is ahead of the monotonic one. */
    this.wall = 1_700_000_000_000;
    this.timers = [];
    this.sources = [];
    this.fetches = [];
    this.listeners = new Map();
    this.historyAnswers = { ok: true, status: 200, json: async () => ({ last_event_id: "1-0" }) };
    const browser = this;
    const listen = (name, call) => this.listeners.set(name, [...(this.listeners.get(name) ?? []), call]);
    const values = {
      performance: { now: () => browser.now },
      Date: { now: () => browser.wall + browser.now },
      setTimeout: (call, pause) => browser.#timer({ call, at: browser.now + pause }),
      setInterval: (call, every) => browser.#timer({ call, at: browser.now + every, every }),
      clearTimeout: (timer) => browser.#clear(timer),
      clearInterval: (timer) => browser.#clear(timer),
      addEventListener: listen,
      document: { baseURI: "http://box/", hidden: false, addEventListener: listen },
      fetch: async (url) => {
        browser.fetches.push({ url: String(url), at: browser.now });
        return browser.historyAnswers;
      },
      EventSource: class extends FakeSource {
        constructor(url) {
          super(url, browser.now);
          browser.sources.push(this);
        }
      },
    };
    const kept = SET.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    for (const name of SET) {
      Object.defineProperty(globalThis, name, { value: values[name], configurable: true, writable: true });
    }
    t.after(() => {
      for (const [name, was] of kept) {
        if (was) Object.defineProperty(globalThis, name, was);
        else delete globalThis[name];
      }
    });
  }

  /** The EventSource that was made last. */
  get source() {
    return this.sources[this.sources.length - 1];
  }

  /** Those that are neither closed nor refused. */
  get open() {
    return this.sources.filter(({ readyState }) => readyState !== FakeSource.CLOSED);
  }

  happen(name, event = {}) {
    for (const call of this.listeners.get(name) ?? []) call(event);
  }

  async pass(seconds) {
    await settled();
    for (const end = this.now + seconds * 1000; this.now < end; this.now += 10) {
      for (const timer of this.timers.filter(({ at }) => at <= this.now)) {
        if (!this.timers.includes(timer)) continue;
        if (timer.every) timer.at += timer.every;
        else this.#clear(timer);
        timer.call();
        await settled();
      }
    }
    await settled();
  }

  #timer(timer) {
    this.timers.push(timer);
    return timer;
  }

  #clear(timer) {
    this.timers = this.timers.filter((one) => one !== timer);
  }
}

/** What a fetch or a port brings comes in later turns of the loop. */
export async function settled() {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
}

export class FakeSource {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;

  constructor(url, at) {
    Object.assign(this, { url, at, readyState: FakeSource.CONNECTING, listeners: new Map(), lastEventId: "" });
  }

  /** The id that its address goes on from, or null. */
  get after() {
    return new URL(this.url).searchParams.get("last_event_id");
  }

  get filter() {
    const { searchParams } = new URL(this.url);
    return { events: searchParams.get("events"), host: searchParams.get("host") };
  }

  addEventListener(name, call) {
    this.listeners.set(name, call);
  }

  close() {
    this.readyState = FakeSource.CLOSED;
  }

  /** An event arrives; without an id it comes with the last one, as in browsers. */
  tell(name, data = {}, id = "") {
    if (this.readyState === FakeSource.CLOSED) throw new Error("nothing arrives on a closed connection");
    this.readyState = FakeSource.OPEN;
    this.lastEventId = id || this.lastEventId;
    this.listeners.get(name)?.({ data: JSON.stringify(data), lastEventId: this.lastEventId });
  }

  refuse() {
    this.readyState = FakeSource.CLOSED;
    this.listeners.get("error")();
  }

  breakOff() {
    this.readyState = FakeSource.CONNECTING;
    this.listeners.get("error")();
  }
}
