// @ts-check
/** Span of time that charts show: the newest, or one that is held. */

/** @typedef {{from: number, to: number}} Span seconds since 1970 */

/** Shortest span to zoom into, seconds: between two samples a chart shows nothing. As in an address. */
const LEAST = 2;

/** Seconds after which all lists have said what was at a moment: most are read every five seconds. */
export const OVER = 6;

/** Seconds that charts show of a machine that has just begun, and the longest window that grows from there. */
const FIRST = 30;
const GROWING = 900;

/** Samples by which what is known may be shorter than a window that is full. */
const SHORT_BY = 3;

export class TimeWindow {
  /** @param {number} window seconds */
  constructor(window) {
    this.window = window;
    /** @type {Span | null} */
    this.held = null;
    /** True if the span was zoomed to, and not only paused. */
    this.zoomed = false;
  }

  get live() {
    return this.held === null;
  }

  /**
   * @param {number} now time by the server's clock
   * @param {number} newest time of the newest sample
   * @param {number} interval seconds between samples
   * @param {number | null} [oldest] time before which nothing is known; null: unknown
   * @returns {Span} as long as the window, or shorter while there is less to show
   */
  span(now, newest, interval, oldest = null) {
    if (this.held) return this.held;
    // The edge moves by whole intervals, so that charts move once for each sample. A sample is taken a few
    // milliseconds later: the edge includes it, as axes make room only for lines within it.
    const to = Math.max(Math.floor(now / interval) * interval, Math.min(now, newest));
    const known = oldest === null || this.window > GROWING ? Infinity : to - oldest;
    const length = known > this.window - SHORT_BY * interval ? this.window : Math.min(this.window, Math.max(FIRST, known));
    return { from: to - length, to };
  }

  /** @param {Span} span shown now */
  pause(span) {
    this.held ??= { from: span.from, to: span.to };
  }

  /** @param {Span} span */
  zoom({ from, to }) {
    if (to - from < LEAST) return;
    this.held = { from, to };
    this.zoomed = true;
  }

  /** Releases the span. */
  follow() {
    this.held = null;
    this.zoomed = false;
  }
}
