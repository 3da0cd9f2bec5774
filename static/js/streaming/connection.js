// @ts-check
/**
 * One EventSource, for ever: whatever ends it, another one goes on from the last id.
 *
 * A broken connection is resumed by EventSource itself. It gives up on any status but 200, it never
 * notices a peer that vanished, and it may sleep through the sleep of the machine; so all three are
 * watched here. It knows no page: it runs in a tab or in a worker that tabs share.
 */
import { Backoff } from "./backoff.js";

/**
 * @typedef {object} ConnectionListener
 * @property {(data: string) => void} hello
 * @property {(data: string) => void} heartbeat
 * @property {(data: string) => void} gap events are missing
 * @property {(name: string, id: string, data: string, logged: boolean) => void} event logged: it came with an
 *   id of its own; a browser repeats the last one with each event that has none
 * @property {() => void} state connected, trouble or everConnected may have changed; an EventSource may be a new one
 */

/** The server breaks silences with a heartbeat, and hello says after how long. Later than that by: */
const GRACE = 5000;

/** Milliseconds of silence after which the peer is gone, until a hello tells. */
const LONGEST_SILENCE = 20_000;

/** Milliseconds for which a try is left alone, however many hurry. */
const HURRIED = 1000;

/** Milliseconds by which the wall clock runs ahead of the monotonic one when the machine slept. */
const SLEPT = 3000;

export class Connection {
  /** @param {ConnectionListener} listener */
  constructor(listener) {
    this.listener = listener;
    /** Why there is no connection, in a few words; empty while nothing is wrong. */
    this.trouble = "";
    this.everConnected = false;
    /** Whether this connection has brought its hello; one that was told "busy" is none. */
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
    /** How many EventSources there have been, and when the last one was made: monotonic, ms. */
    this.opened = 0;
    this.tried = -Infinity;
    /** When anything last arrived, and when the connection was last known good: monotonic, ms. */
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
   * @param {string | null} after the id to go on from; null begins with the newest events
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

  /** Something says that now is a good moment: a network came back, or a display woke up. */
  hurry() {
    if (this.watching === undefined) return;
    const now = performance.now();
    const late = now - this.heard > this.longestSilence - GRACE;
    // EventSource waits for seconds between two tries, and cannot be asked for one.
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
    for (const name of this.names) {
      on(name, (data, id) => {
        const logged = id !== "" && id !== this.lastId;
        if (logged) this.lastId = id;
        this.listener.event(name, id, data, logged);
      });
    }
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
