// @ts-check
/**
 * What a page hears of the server: history first, then the stream from where history ends, for ever.
 *
 *     history --> join after its last id --> events
 *        ^                                     |
 *        +---------- gap, or forgotten --------+
 *
 * The connection itself is a broker's, which others may share (transport.js).
 */
import { Backoff } from "./backoff.js";
import { watchLifecycle } from "./page_lifecycle.js";
import { portToOwnBroker } from "./transport.js";

/** @typedef {Record<string, unknown> & {host?: string, time?: number}} Data */
/** @typedef {{id?: string, host: string, event: string, data: Data}} LatestEvent */
/**
 * @typedef {object} History
 * @property {string | null} last_event_id
 * @property {number} to the server's clock, seconds since 1970
 * @property {LatestEvent[]} latest
 * @property {Record<string, Record<string, Record<string, (number | null)[]>>>} hosts
 * @property {Record<string, {id: string, data: Data}[]>} [lines]
 */
/** @typedef {{time: number, build?: string, interval?: number, intervals?: Record<string, number>, heartbeat?: number, hosts?: string[], cadences?: Record<string, number>}} Hello */
/** @typedef {import("./broker.js").Port} Port */
/**
 * @typedef {object} Listener
 * @property {(history: History) => void} history
 * @property {(hello: Hello) => void} hello
 * @property {(event: string, id: string, data: Data, logged: boolean) => void} event
 * @property {(time: number) => void} heartbeat
 */
/**
 * @typedef {object} StreamOptions
 * @property {string} historyUrl
 * @property {string} streamUrl
 * @property {string} host whose figures are wanted
 * @property {string[]} hosts the same, and those whose other events are
 * @property {string[]} events the names to receive
 * @property {number} window seconds of history
 * @property {number} lines so many of the newest events that are no measurements, of each name
 */

/** Rows per series to ask for: more than the charts have pixels to tell apart is of no use. */
const POINTS = 600;

/** Milliseconds after which an answer is no longer awaited. */
const HISTORY_TIMEOUT = 15_000;

/** The answer to who asks for more than he may. */
const FORBIDDEN = 403;

/** How often to make sure that the broker is still there, milliseconds. */
const PING = 10_000;
const MOST_UNANSWERED = 3;

export class Stream {
  /**
   * @param {StreamOptions} options
   * @param {Listener} listener
   * @param {(connect: (port: Port) => void) => void} connect finds a broker, and may find another one later
   */
  constructor(options, listener, connect) {
    this.options = options;
    this.listener = listener;
    this.connect = connect;
    /** What is wrong with history, and with the connection, in a few words; empty while nothing is. */
    this.troubles = { history: "", connection: "" };
    /** How many connections its broker has opened, for all of its readers. */
    this.opened = 0;
    /** The status that history was refused with, or 0. */
    this.refused = 0;
    this.everConnected = false;
    this.connected = false;
    /** @type {Port | null} */
    this.port = null;
    /** @type {string | null} */
    this.lastId = null;
    this.backoff = new Backoff();
    /** When there last was a connection, monotonic, milliseconds. */
    this.together = performance.now();
    /** Pings without an answer. */
    this.unanswered = 0;
    /** Whether the broker was told what is wanted. */
    this.joined = false;
    /** Joins that the broker has not answered: events before the answer are not in step with the history. */
    this.joining = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.pinging = undefined;
    /** The history that is awaited: an answer to an earlier question is not wanted any more. @type {object | null} */
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

  /** Why there is no connection, or no history; empty while nothing is wrong. */
  get trouble() {
    // Who asks for too much is told so by the history alone.
    if (this.refused === FORBIDDEN) return this.troubles.history;
    return this.troubles.connection || this.troubles.history;
  }

  /** @returns {number} seconds without a connection */
  get apart() {
    return this.connected ? 0 : (performance.now() - this.together) / 1000;
  }

  /** Something says that now is a good moment for another try. */
  hurry() {
    if (this.timer !== undefined) this.#load();
    this.port?.postMessage({ kind: "hurry" });
  }

  /** @param {Partial<StreamOptions>} options other events, another host or window: everything anew */
  ask(options) {
    Object.assign(this.options, options);
    this.#load();
  }

  async #load() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { historyUrl, host, events, window, lines } = this.options;
    const url = new URL(historyUrl, document.baseURI);
    const query = { since: window, points: POINTS, events: events.join(), host, ...(lines && { lines }) };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const asked = (this.asked = {});
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(HISTORY_TIMEOUT) });
      this.refused = answer.ok ? 0 : answer.status;
      if (!answer.ok) throw new Error(await refusal(answer));
      const history = /** @type {History} */ (await answer.json());
      if (this.asked !== asked) return;
      this.backoff.reset();
      this.troubles.history = "";
      this.lastId = history.last_event_id;
      this.listener.history(history);
    } catch (error) {
      if (this.asked !== asked) return;
      this.troubles.history = reason(error);
      this.timer = setTimeout(() => this.#load(), this.backoff.next());
      // A log that cannot be read does not keep the newest figures from coming.
      if (!this.joined) this.#join(false);
      return;
    }
    this.#join(true);
  }

  /** @param {Port} port */
  #use(port) {
    if (this.port && this.port !== port) {
      this.port.onmessage = null;
      // Should it only have been slow, it need not go on for us.
      this.port.postMessage({ kind: "leave" });
    }
    this.port = port;
    this.unanswered = this.joining = 0;
    port.onmessage = ({ data }) => this.#hear(data);
    if (this.joined) this.#join(false);
    else port.postMessage({ kind: "ping" });
  }

  /** @param {boolean} loaded history, just now */
  #join(loaded) {
    const { streamUrl, hosts, events } = this.options;
    this.joined = true;
    this.joining += 1;
    const stream = new URL(streamUrl, document.baseURI).href;
    this.port?.postMessage({ kind: "join", stream, events, hosts, after: this.lastId, loaded });
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
    // Not what a ping from before the join is answered with.
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

/**
 * @param {Response} answer
 * @returns {Promise<string>} why there is no history
 */
async function refusal(answer) {
  const told = answer.status === FORBIDDEN ? await answer.json().catch(() => null) : null;
  return told?.detail ?? `history answered ${answer.status}`;
}

/**
 * @param {unknown} error of fetch, or our own
 * @returns {string}
 */
function reason(error) {
  if (!(error instanceof Error)) return "unknown trouble";
  if (error.name === "TimeoutError") return "no answer";
  if (error instanceof TypeError) return "the server cannot be reached";
  if (error instanceof SyntaxError) return "history is not JSON";
  return error.message;
}
