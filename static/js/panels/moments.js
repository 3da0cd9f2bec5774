// @ts-check
/** Moments of the past: what each list showed then. One is asked for once it stands still. */
import { OVER } from "../state/time_window.js";
import { ask, Refusal } from "../streaming/history.js";
import { clock, moment as dayAndTime } from "../ui/format.js";

/** @import { HistoryOptions, LatestEvent } from "../streaming/history.js" */
/** @typedef {{at: number, events: ReadonlyMap<string, LatestEvent["data"]>, without: string}} Moment events by name; without: words in place of one that is missing */

/**
 * Seconds between two moments that are told apart: so often most lists are read, at whole multiples, and each tells of
 * the seconds before it. By a second later it is in the log.
 */
const STEP = 5;
const LATE = OVER - STEP;

/** Milliseconds for which a moment stands still before it is asked for, and until it is asked for anew. */
const STILL = 250;
const AGAIN = 5000;

/** Moments that are kept. */
const MOST = 8;

export class Moments {
  /**
   * @param {Pick<HistoryOptions, "historyUrl" | "host" | "events">} options
   * @param {(moment: Moment | null) => void} show called with a moment once it is there, and with null for now
   */
  constructor(options, show) {
    this.options = options;
    this.show = show;
    /** Wanted now; null: what is live. @type {number | null} */
    this.wanted = null;
    /** The newest last. @type {Map<number, Moment>} */
    this.known = new Map();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.asking = new AbortController();
  }

  /**
   * @param {number | null} time seconds since 1970; null, or one that is not over, for what is live
   * @param {number} now NaN while it is unknown
   */
  want(time, now) {
    const at = time === null ? null : STEP * Math.ceil(time / STEP) + LATE;
    const wanted = at !== null && at >= now ? null : at;
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    clearTimeout(this.timer);
    this.asking.abort();
    const known = wanted === null ? null : this.known.get(wanted);
    if (known !== undefined) this.show(known);
    else if (wanted !== null) this.timer = setTimeout(() => this.#ask(wanted), STILL);
  }

  /** @param {number} at */
  async #ask(at) {
    this.asking = new AbortController();
    try {
      const { historyUrl, host, events } = this.options;
      /** @type {{log_from: number | null, latest: LatestEvent[]}} */
      const { log_from: first, latest } = await ask(historyUrl, { at, events: events.join(), host }, this.asking.signal);
      const without = first !== null && first <= at ? `Nothing was heard at ${clock(at)}` : `Not kept: the log begins ${first === null ? "now" : dayAndTime(first)}`;
      const moment = { at, events: new Map(latest.map(({ event, data }) => [event, data])), without };
      this.known.set(at, moment);
      for (const oldest of [...this.known.keys()].slice(0, -MOST)) this.known.delete(oldest);
      if (this.wanted === at) this.show(moment);
    } catch (error) {
      const isRefused = error instanceof Refusal && error.status >= 400 && error.status < 500;
      // The header says that the server is away.
      if (this.wanted === at && !isRefused) this.timer = setTimeout(() => this.#ask(at), AGAIN);
    }
  }
}
