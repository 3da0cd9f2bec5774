// @ts-check
/**
 * Permanent connection by EventSource: whatever ends it, another one resumes from the last id.
 *
 * EventSource resumes a broken connection itself, but gives up on any status but 200, does not notice a peer that
 * vanished, and may sleep through the sleep of the machine; these three are handled here. Runs in a tab or a worker.
 */
import { Backoff } from "./backoff.js";

/**
 * @typedef {object} ConnectionListener
 * @property {(data: string) => void} hello
 * @property {(data: string) => void} heartbeat
 * @property {(data: string) => void} gap called when events are missing
 * @property {(name: string, id: string, data: string, logged: boolean) => void} event logged: it has an id
 *   of its own; browsers repeat the last id with each event that has none
 * @property {() => void} state called when connected, trouble, everConnected or opened may have changed
 */

/** Milliseconds by which a heartbeat may be late; hello has its period. */
const GRACE = 5000;

/** Milliseconds of silence after which the peer is gone, before the first hello. */
const LONGEST_SILENCE = 20_000;

/** Milliseconds for which a try is not repeated by `hurry`. */
const HURRIED = 1000;

/** Milliseconds by which the wall clock jumps ahead of the monotonic one if the machine slept. */
const SLEPT = 3000;

export class Connection {
  /** @param {ConnectionListener} listener */
  constructor(listener) {
    this.listener = listener;
    /** Short reason why there is no connection; empty if unknown. */
    this.trouble = "";
    this.everConnected = false;
    /** True once this connection has brought its hello; one that is answered "busy" does not. */
    this.greeted = false;
    this.longestSilence = LONGEST_SILENCE;
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {string | null} */
    this.lastId = null;
    this.url = "";
    /** @type {string[]} */
    this.names = [];
    this.backoff = new Backoff();
    /** Number of EventSources so far, and the monotonic time of the last one, ms. */
    this.opened = 0;
    this.tried = -Infinity;
    /** Monotonic times of the last message, and at which the connection was last known good; ms. */
    this.heard = this.together = performance.now();
    this.ahead = Date.now() - performance.now();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.watching = undefined;
  }

  get connected() {
    return this.greeted && this.source?.readyState === EventSource.OPEN;
  }

  /** @returns {number} seconds without a connection */
  get apart() {
    return this.connected ? 0 : (performance.now() - this.together) / 1000;
  }

  /**
   * @param {string} url absolute, without a position
   * @param {string[]} names of the events to hear
   * @param {string | null} after id to resume from; null begins with the newest events
   */
  open(url, names, after) {
    this.url = url;
    this.names = names;
    this.lastId = after;
    this.watching ??= setInterval(() => this.#watch(), 1000);
    this.#open();
  }

  close() {
    clearInterval(this.watching);
    this.watching = undefined;
    this.#drop();
  }

  /** Retries at once, unless a try is under way: the network is back, or the display woke up. */
  hurry() {
    if (this.watching === undefined) return;
    const now = performance.now();
    const late = now - this.heard > this.longestSilence - GRACE;
    // EventSource waits for seconds between two tries, and has no way to retry at once.
    const waiting = !this.connected && now - this.tried > HURRIED;
    if (this.timer !== undefined || late || waiting) this.#open();
  }

  #open() {
    this.#drop();
    const url = new URL(this.url);
    if (this.lastId) url.searchParams.set("last_event_id", this.lastId);
    const source = new EventSource(url.href);
    this.source = source;
    this.opened += 1;
    this.heard = this.tried = performance.now();
    this.listener.state();

    source.addEventListener("error", () => {
      this.greeted = false;
      if (source.readyState === EventSource.CLOSED) this.#later("the stream was refused");
      else this.listener.state();
    });
    /** @type {(name: string, handle: (data: string, id: string) => void) => void} */
    const on = (name, handle) =>
      source.addEventListener(name, (event) => {
        this.heard = performance.now();
        handle(event.data, event.lastEventId);
        if (this.connected) this.together = this.heard;
      });

    on("hello", (data) => {
      this.backoff.reset();
      this.greeted = this.everConnected = true;
      this.trouble = "";
      const { heartbeat } = JSON.parse(data);
      this.longestSilence = heartbeat ? heartbeat * 1000 + GRACE : LONGEST_SILENCE;
      this.listener.state();
      this.listener.hello(data);
    });
    on("heartbeat", (data) => this.listener.heartbeat(data));
    on("busy", () => {
      this.trouble = "the server is full";
      this.listener.state();
    });
    on("gap", (data) => this.listener.gap(data));
    /** @type {(name: string, data: string, id: string) => void} */
    const take = (name, data, id) => {
      const logged = id !== "" && id !== this.lastId;
      if (logged) this.lastId = id;
      this.listener.event(name, id, data, logged);
    };
    for (const name of this.names) on(name, (data, id) => take(name, data, id));
    // Events of names that nobody knew to listen for.
    on("batch", (data) => {
      if (this.names.includes("batch")) return;
      for (const { event, id = "", data: each } of JSON.parse(data)) take(event, JSON.stringify(each), id);
    });
  }

  #drop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.source?.close();
    this.source = null;
    this.greeted = false;
  }

  /** @param {string} trouble */
  #later(trouble) {
    this.#drop();
    this.trouble = trouble;
    this.timer = setTimeout(() => this.#open(), this.backoff.next());
    this.listener.state();
  }

  #watch() {
    if (this.connected) this.together = Math.max(this.together, this.heard);
    const ahead = Date.now() - performance.now();
    const slept = ahead - this.ahead > SLEPT;
    this.ahead = ahead;
    if (this.source && performance.now() - this.heard > this.longestSilence) this.#later("no answer");
    else if (slept) this.#open();
  }
}
