// @ts-check
/** Comparison of what charts show with the same stretch of time a day or a week before. */
import { Stretch } from "../state/stretch.js";
import { key } from "../state/store.js";

/** @import { Ghost } from "../charts/bands.js" */
/** @import { TimeSeries } from "../state/series.js" */
/** @import { Store } from "../state/store.js" */
/** @import { Span } from "../state/time_window.js" */
/** @import { Feed } from "./past.js" */

/** What an address may name: seconds, and words for it. */
const BEFORE = { "1d": { shift: 86_400, words: "a day before" }, "7d": { shift: 7 * 86_400, words: "a week before" } };

/** Share of the stretch that is loaded ahead: in the past it is known, and charts move on. */
const AHEAD = 0.2;

export class Comparison {
  /**
   * @param {"1d" | "7d"} before
   * @param {Feed[]} feeds
   * @param {() => void} changed called when charts have something else to draw
   */
  constructor(before, feeds, changed) {
    this.shift = BEFORE[before].shift;
    this.words = BEFORE[before].words;
    /** @type {Map<Store, Map<string, TimeSeries>>} */
    this.series = new Map();
    this.stretches = feeds.map(
      ({ store, stream }) =>
        new Stretch(stream.options, store, (series) => {
          this.series.set(store, series);
          changed();
        }),
    );
    /** Loaded, or asked for. @type {Span} */
    this.asked = { from: 0, to: 0 };
  }

  /**
   * Loads what is before a stretch, unless it is there, and not much coarser than it could be.
   * @param {Span} shown
   */
  cover({ from, to }) {
    const length = to - from;
    const wanted = { from: from - this.shift, to: to - this.shift };
    const { asked } = this;
    if (!(length > 0) || (asked.from <= wanted.from && asked.to >= wanted.to && asked.to - asked.from < 2 * length)) return;
    this.asked = { from: wanted.from - AHEAD * length, to: wanted.to + AHEAD * length };
    for (const stretch of this.stretches) stretch.ask(this.asked.from, this.asked.to);
  }

  /**
   * @param {Store} store
   * @param {string} host
   * @param {string} event
   * @param {string} column
   * @returns {Ghost | null} its line at the times at which charts draw it
   */
  line(store, host, event, column) {
    const series = this.series.get(store)?.get(key(host, event));
    const values = series?.columns.get(column);
    return series && values ? { times: series.times.map((time) => time + this.shift), values } : null;
  }
}
