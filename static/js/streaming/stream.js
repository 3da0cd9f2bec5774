// @ts-check
/**
 * Events of a page: history first, then the stream from where history ends.
 *
 *     history --> join after its last id --> events
 *        ^                                     |
 *        +------ gap, or dropped by broker ----+
 *
 * The connection belongs to a broker, which others may share (transport.js).
 */
import { Backoff } from "./backoff.js";
import { askHistory, FORBIDDEN, Refusal } from "./history.js";
import { watchLifecycle } from "./page_lifecycle.js";
import { portToOwnBroker } from "./transport.js";

/** @import { Port } from "./broker.js" */
/** @import { Data, History } from "./history.js" */
/** @typedef {{time: number, build?: string, interval?: number, intervals?: Record<string, number>, heartbeat?: number, hosts?: string[], cadences?: Record<string, number>, slow?: Record<string, number>, source_cadences?: Record<string, number>}} Hello */
/**
 * @typedef {object} Listener
 * @property {(history: History) => void} history
 * @property {(hello: Hello) => void} hello
 * @property {(event: string, id: string, data: Data, logged: boolean) => void} event
 * @property {(time: number) => void} heartbeat
 */
/** @typedef {import("./history.js").HistoryOptions & {streamUrl: string, hosts: string[], window: number}} StreamOptions hosts of the stream; seconds of history */

/** Milliseconds after which the newest figures are shown without their history, which takes longer. */
const PATIENCE = 1000;

/** Milliseconds between two pings of the broker, and most of them without an answer. */
const PING = 10_000;
const MOST_UNANSWERED = 3;

export class Stream {
  /**
   * @param {StreamOptions} options
   * @param {Listener} listener
   * @param {(connect: (port: Port) => void) => void} connect calls back with a port, and again if another broker takes over
   */
  constructor(options, listener, connect) {
    this.options = options;
    this.listener = listener;
    this.connect = connect;
    /** Short reasons why there is no history, and no connection; empty if there are. */
    this.troubles = { history: "", connection: "" };
    /** Number of connections that the broker has opened, for all of its readers. */
    this.opened = 0;
    /** Status with which history was refused, or 0. */
    this.refused = 0;
    this.everConnected = false;
    this.connected = false;
    /** @type {Port | null} */
    this.port = null;
    /** @type {string | null} */
    this.lastId = null;
    this.backoff = new Backoff();
    /** Monotonic time at which there last was a connection, milliseconds. */
    this.together = performance.now();
    /** Pings without an answer. */
    this.unanswered = 0;
    /** True once a join was sent to the broker. */
    this.joined = false;
    /** Joins without an answer: events before the answer do not follow the loaded history. */
    this.joining = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.pinging = undefined;
    /** Latest request for history; answers to earlier ones are ignored. @type {object | null} */
    this.asked = null;
    this.over = new AbortController();
  }

  start() {
    this.connect((port) => this.#use(port));
    watchLifecycle({ retry: () => this.hurry(), leave: () => this.#leave(), back: () => this.#load() }, this.over.signal);
    this.pinging = setInterval(() => this.#ping(), PING);
    this.#load();
  }

  stop() {
    this.over.abort();
    clearInterval(this.pinging);
    clearTimeout(this.timer);
    this.asked = null;
    this.#leave();
  }

  /** Short reason why there is no connection or no history; empty if there are both. */
  get trouble() {
    // Only history says that a request is out of scope.
    if (this.refused === FORBIDDEN) return this.troubles.history;
    return this.troubles.connection || this.troubles.history;
  }

  /** @returns {number} seconds without a connection */
  get apart() {
    return this.connected ? 0 : (performance.now() - this.together) / 1000;
  }

  /** Retries at once. */
  hurry() {
    if (this.timer !== undefined) this.#load();
    this.port?.postMessage({ kind: "hurry" });
  }

  /** @param {Partial<StreamOptions>} options to replace; history is loaded again */
  ask(options) {
    Object.assign(this.options, options);
    this.#load();
  }

  async #load() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const asked = (this.asked = {});
    const waiting = setTimeout(() => this.asked === asked && this.#joinAnyway(), PATIENCE);
    try {
      const history = await askHistory(this.options, { since: this.options.window });
      if (this.asked !== asked) return;
      this.backoff.reset();
      this.troubles.history = "";
      this.refused = 0;
      // A log that has lost all goes on behind the ids that it gave.
      this.lastId = history.last_event_id ?? this.lastId;
      this.listener.history(history);
    } catch (error) {
      if (this.asked !== asked) return;
      this.troubles.history = String(error instanceof Error ? error.message : error);
      this.refused = error instanceof Refusal ? error.status : 0;
      this.timer = setTimeout(() => this.#load(), this.backoff.next());
      this.#joinAnyway();
      return;
    } finally {
      clearTimeout(waiting);
    }
    this.#join(true);
  }

  /** @param {Port} port */
  #use(port) {
    if (this.port && this.port !== port) {
      this.port.onmessage = null;
      // If it was only slow, it need not go on.
      this.port.postMessage({ kind: "leave" });
    }
    this.port = port;
    this.unanswered = this.joining = 0;
    port.onmessage = ({ data }) => this.#hear(data);
    if (this.joined) this.#join(false);
    else port.postMessage({ kind: "ping" });
  }

  /** Begins with the newest events: without history there are still those. */
  #joinAnyway() {
    if (!this.joined) this.#join(false);
  }

  /** @param {boolean} loaded history was just loaded */
  #join(loaded) {
    const { streamUrl, hosts, events, others = false } = this.options;
    this.joined = true;
    this.joining += 1;
    const stream = new URL(streamUrl, document.baseURI).href;
    this.port?.postMessage({ kind: "join", stream, events, hosts, others, after: this.lastId, loaded });
  }

  #leave() {
    this.port?.postMessage({ kind: "leave" });
    this.joined = false;
  }

  /** @param {any} message of the broker */
  #hear(message) {
    this.unanswered = 0;
    if (message.kind === "joined") this.joining -= 1;
    else if (message.kind === "event") {
      if (this.joining > 0) return;
      this.lastId = message.id || this.lastId;
      this.listener.event(message.name, message.id, JSON.parse(message.data), message.logged);
    } else if (message.kind === "hello") this.listener.hello(message.data);
    else if (message.kind === "heartbeat") this.listener.heartbeat(Number(message.time));
    else if (message.kind === "state") this.#state(message);
    else if (message.kind === "gap" && message.fillable) this.#load();
    // Not the answer to a ping from before the join.
    else if (message.kind === "left" && this.joined && this.joining === 0) this.#load();
  }

  /** @param {{connected: boolean, everConnected: boolean, trouble: string, apart: number, opened: number}} state */
  #state({ connected, everConnected, trouble, apart, opened }) {
    this.connected = connected;
    this.everConnected ||= everConnected;
    this.together = performance.now() - apart * 1000;
    this.troubles.connection = trouble;
    this.opened = opened;
  }

  #ping() {
    this.unanswered += 1;
    // The worker was killed.
    if (this.unanswered > MOST_UNANSWERED) this.#use(portToOwnBroker());
    else this.port?.postMessage({ kind: "ping" });
  }
}
