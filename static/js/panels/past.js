// @ts-check
/** Charts that stand still: paused, zoomed, or at a moment that the address names. The past is loaded for them, and for lists. */
import { OVER } from "../state/time_window.js";

/** @import { Span, TimeWindow } from "../state/time_window.js" */
/** @typedef {{store: import("../state/store.js").Store, stream: import("../streaming/stream.js").Stream}} Feed */

/** @typedef {{events: string[], now: () => number}} Lists names of what lists show; now: the server's clock, NaN while it is unknown */

/** Share of a stretch that is loaded on both sides of it, so that lines reach the edges. */
const MARGIN = 0.02;

export class Past {
  /**
   * @param {TimeWindow} timeWindow
   * @param {Feed[]} feeds
   * @param {() => void} changed called when charts or lists have something else to draw
   * @param {Lists} lists
   */
  constructor(timeWindow, feeds, changed, lists) {
    this.timeWindow = timeWindow;
    this.feeds = feeds;
    this.changed = changed;
    this.lists = lists;
    /** Time at the cursor of the charts. @type {number | null} */
    this.pointed = null;
    /** What lists show; null: what is live. @type {import("./moments.js").Moment | null} */
    this.moment = null;
    /** @type {Promise<import("./moments.js").Moments> | null} */
    this.moments = null;
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
    this.#look();
  }

  /** @param {number | null} time at the cursor of the charts, seconds since 1970; null: it has left */
  point(time) {
    this.pointed = time;
    this.#look();
  }

  /** Shows in lists the moment at the cursor, or the end of what is zoomed to. */
  async #look() {
    const { events, now } = this.lists;
    const { held, zoomed } = this.timeWindow;
    const time = this.pointed ?? (zoomed && held ? Math.min(held.to, (now() || Infinity) - OVER) : null);
    if (!events.length || (time === null && !this.moments)) return;
    this.moments ??= import("./moments.js").then(({ Moments }) => {
      const { historyUrl, host } = this.feeds[0].stream.options;
      return new Moments({ historyUrl, host, events }, (moment) => {
        this.moment = moment;
        this.changed();
      });
    });
    try {
      (await this.moments).want(time, now());
    } catch {
      this.moments = null; // The server is away; the next look tries again.
    }
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
    this.#look();
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
