// @ts-check
/**
 * The page's one connection: history first, then the stream from where history ends, for ever.
 *
 *     load --history--> open --gap--> load
 *      ^ |               ^ |
 *      +-+ retry         +-+ closed, or silent for too long: reopen from the last id
 *
 * A broken connection is resumed by EventSource itself. It gives up on any status but 200, and it
 * never notices a peer that vanished, so both are watched here.
 */

/** @typedef {import("./store.js").Data} Data */
/** @typedef {import("./store.js").Hello} Hello */
/** @typedef {import("./store.js").History} History */
/**
 * @typedef {object} Listener
 * @property {(history: History) => void} history
 * @property {(hello: Hello) => void} hello
 * @property {(event: string, id: string, data: Data) => void} event
 * @property {(time: number) => void} heartbeat
 */
/**
 * @typedef {object} StreamOptions
 * @property {string} historyUrl
 * @property {string} streamUrl
 * @property {string} host
 * @property {string[]} events the names to receive
 * @property {number} window seconds of history
 */

/** Rows per series to ask for: more than the charts have pixels to tell apart is of no use. */
const POINTS = 600;

/**
 * Milliseconds before another try: quick at first (a restart takes a second), then as often as
 * EventSource itself would come back. However long the server was away, the wall is live again soon.
 */
const FIRST_RETRY = 300;
const LONGEST_PAUSE = 3000;

/** The server breaks silences with a heartbeat, and hello says after how long. Later than that by: */
const GRACE = 5000;

/** Milliseconds of silence after which the peer is gone, until a hello tells. */
const LONGEST_SILENCE = 20_000;

const HISTORY_TIMEOUT = 15_000;

export class Stream {
  /**
   * @param {StreamOptions} options
   * @param {Listener} listener
   */
  constructor(options, listener) {
    this.options = options;
    this.listener = listener;
    /** Why there is no connection, in a few words; empty while nothing is wrong. */
    this.trouble = "";
    this.everConnected = false;
    /** Milliseconds. */
    this.longestSilence = LONGEST_SILENCE;
    /** Whether this connection has brought its hello; one that was told "busy" is none. */
    this.greeted = false;
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {string | null} */
    this.lastId = null;
    this.attempts = 0;
    /** When anything last arrived, and when the connection was last known good: monotonic, ms. */
    this.heard = this.together = performance.now();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** What to do when the timer ends, so that it can be done sooner. @type {() => void} */
    this.next = () => this.#load();
  }

  start() {
    // A network that comes back is worth a try at once.
    addEventListener("online", () => this.#hurry());
    setInterval(() => this.#watch(), 1000);
    this.#load();
  }

  get connected() {
    return this.greeted && this.source?.readyState === EventSource.OPEN;
  }

  /** @returns {number} seconds without a connection */
  get apart() {
    return this.connected ? 0 : (performance.now() - this.together) / 1000;
  }

  async #load() {
    const { historyUrl, host, events, window } = this.options;
    const url = withQuery(historyUrl, { since: window, points: POINTS, events: events.join(), host });
    this.#close();
    try {
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(HISTORY_TIMEOUT) });
      if (!answer.ok) throw new Error(`history answered ${answer.status}`);
      const history = /** @type {History} */ (await answer.json());
      this.listener.history(history);
      this.lastId = history.last_event_id;
    } catch (error) {
      this.#later(() => this.#load(), reason(error));
      return;
    }
    // A gap right behind history is one that the log cannot fill: loading again would bring the same.
    this.#open(false);
  }

  /** @param {boolean} fillable whether history may know what a gap on this connection has missed */
  #open(fillable) {
    const { streamUrl, host, events } = this.options;
    /** @type {Record<string, string>} */
    const query = { events: events.join(), host };
    if (this.lastId !== null) query.last_event_id = this.lastId;
    const source = new EventSource(withQuery(streamUrl, query));
    this.#close();
    this.source = source;
    this.heard = performance.now();

    source.addEventListener("error", () => {
      fillable = true;
      this.greeted = false;
      if (source.readyState === EventSource.CLOSED) this.#later(() => this.#open(true), "the stream was refused");
    });
    /** @type {(name: string, handle: (data: Data, id: string) => void) => void} */
    const on = (name, handle) =>
      source.addEventListener(name, (event) => {
        this.heard = performance.now();
        handle(JSON.parse(event.data), event.lastEventId);
        if (this.connected) this.together = this.heard;
      });

    on("hello", (data) => {
      this.attempts = 0;
      this.greeted = this.everConnected = true;
      this.trouble = "";
      const hello = /** @type {Hello} */ (/** @type {unknown} */ (data));
      this.longestSilence = hello.heartbeat ? hello.heartbeat * 1000 + GRACE : LONGEST_SILENCE;
      this.listener.hello(hello);
    });
    on("heartbeat", (data) => this.listener.heartbeat(Number(data.time)));
    on("busy", () => {
      this.trouble = "the server is full";
    });
    on("gap", () => {
      if (fillable) this.#load();
    });
    for (const name of events) {
      on(name, (data, id) => {
        if (id) this.lastId = id;
        this.listener.event(name, id, data);
      });
    }
  }

  #close() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.source?.close();
    this.source = null;
    this.greeted = false;
  }

  /**
   * @param {() => void} next
   * @param {string} trouble
   */
  #later(next, trouble) {
    this.#close();
    this.trouble = trouble;
    this.next = next;
    const pause = Math.min(LONGEST_PAUSE, FIRST_RETRY * 2 ** this.attempts);
    this.attempts += 1;
    // Jitter, so that a wall of displays does not come back as one.
    this.timer = setTimeout(next, pause * (0.5 + Math.random() / 2));
  }

  #hurry() {
    if (this.timer === undefined) return;
    this.#close();
    this.next();
  }

  #watch() {
    if (this.connected) this.together = Math.max(this.together, this.heard);
    if (this.source && performance.now() - this.heard > this.longestSilence) {
      this.#later(() => this.#open(true), "no answer");
    }
  }
}

/**
 * @param {string} url
 * @param {Record<string, string | number>} query
 * @returns {string}
 */
function withQuery(url, query) {
  const whole = new URL(url, document.baseURI);
  for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, String(value));
  return whole.href;
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
