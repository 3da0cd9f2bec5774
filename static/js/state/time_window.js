// @ts-check
/** Which stretch of time the charts show: the newest, or one that somebody holds still to look at. */

/** @typedef {{from: number, to: number}} Span seconds since 1970 */

/** The shortest stretch to zoom into, seconds: a chart between two samples shows nothing. */
const LEAST = 2;

export class TimeWindow {
  /** @param {number} window seconds */
  constructor(window) {
    this.window = window;
    /** @type {Span | null} */
    this.held = null;
    /** Whether the stretch was chosen in a chart, and not only stopped. */
    this.zoomed = false;
  }

  get live() {
    return this.held === null;
  }

  /**
   * @param {number} now the server's clock
   * @param {number} newest the newest sample's time
   * @param {number} interval seconds between samples
   * @returns {Span}
   */
  span(now, newest, interval) {
    if (this.held) return this.held;
    // The edge moves by whole intervals, so that charts move once for each sample. That one is taken a
    // few milliseconds later; outside the edge its line would be drawn, but no axis would make room for it.
    const to = Math.max(Math.floor(now / interval) * interval, Math.min(now, newest));
    return { from: to - this.window, to };
  }

  /** @param {Span} span as it is shown now */
  pause(span) {
    this.held ??= { from: span.from, to: span.to };
  }

  /** @param {Span} span */
  zoom({ from, to }) {
    if (to - from < LEAST) return;
    this.held = { from, to };
    this.zoomed = true;
  }

  /** Go on with the newest. */
  follow() {
    this.held = null;
    this.zoomed = false;
  }
}
