// @ts-check
/** Charts that stand still: paused, zoomed, or at a moment that the address names. The past is loaded for them. */
/** @typedef {import("../state/time_window.js").Span} Span */
/** @typedef {import("../state/time_window.js").TimeWindow} TimeWindow */
/** @typedef {{store: import("../state/store.js").Store, stream: import("../streaming/stream.js").Stream}} Feed */

/** Share of a stretch that is loaded on both sides of it, so that lines reach the edges. */
const MARGIN = 0.02;

export class Past {
  /**
   * @param {TimeWindow} timeWindow
   * @param {Feed[]} feeds
   * @param {() => void} changed called when charts have something else to draw
   */
  constructor(timeWindow, feeds, changed) {
    this.timeWindow = timeWindow;
    this.feeds = feeds;
    this.changed = changed;
    /** @type {import("../state/stretch.js").Stretch[]} */
    this.stretches = [];
  }

  /** @param {Span} span */
  pause(span) {
    this.timeWindow.pause(span);
    for (const { store } of this.feeds) store.hold();
    this.changed();
  }

  /** @param {Span} span */
  zoom(span) {
    this.timeWindow.zoom(span);
    const { held } = this.timeWindow;
    if (!held) return;
    for (const { store } of this.feeds) store.hold();
    this.changed();
    this.#load(held);
  }

  /** @param {Span} span */
  async #load(span) {
    const { Stretch } = await import("../state/stretch.js");
    if (this.timeWindow.held !== span) return;
    if (!this.stretches.length) {
      this.stretches = this.feeds.map(
        ({ store, stream }) =>
          new Stretch(stream.options, store, (series) => {
            store.hold(series);
            this.changed();
          }),
      );
    }
    const margin = MARGIN * (span.to - span.from);
    for (const stretch of this.stretches) stretch.ask(span.from - margin, span.to + margin);
  }

  follow() {
    this.timeWindow.follow();
    for (const stretch of this.stretches) stretch.drop();
    for (const { store } of this.feeds) store.letGo();
    this.changed();
  }

  /**
   * Shows the stretch before or after; beyond now, what is live.
   * @param {1 | -1} way
   * @param {Span & {now: number}} shown
   */
  step(way, { from, to, now }) {
    const by = way * (to - from);
    if (to + by > now) this.follow();
    else this.zoom({ from: from + by, to: to + by });
  }
}
