// @ts-check
/**
 * Stretch of the past that is loaded beside what a page follows: what was zoomed to, or what is compared with now.
 * Asked for anew until it is there, or another one is wanted.
 */
import { Backoff } from "../streaming/backoff.js";
import { askHistory, Refusal } from "../streaming/history.js";
import { TimeSeries } from "./series.js";
import { key } from "./store.js";

/** @import { History, HistoryOptions } from "../streaming/history.js" */
/** @import { Store } from "./store.js" */

export class Stretch {
  /**
   * @param {HistoryOptions} options
   * @param {Store} store
   * @param {(series: Map<string, TimeSeries>) => void} take
   */
  constructor({ lines: _, others: __, ...options }, store, take) {
    this.options = options;
    this.store = store;
    this.take = take;
    /** Newest request; answers to earlier ones are ignored. @type {object | null} */
    this.asked = null;
  }

  /**
   * @param {number} from seconds since 1970
   * @param {number} to
   */
  async ask(from, to) {
    const asked = (this.asked = {});
    const backoff = new Backoff();
    while (this.asked === asked) {
      try {
        const history = await askHistory(this.options, { from: Math.floor(from), to: Math.ceil(to) });
        if (this.asked === asked) this.take(seriesOf(history, this.store.wanted));
        return;
      } catch (error) {
        if (error instanceof Refusal && error.status >= 400 && error.status < 500) return;
        // The header says that the server is away.
        await new Promise((resolve) => setTimeout(resolve, backoff.next()));
      }
    }
  }

  drop() {
    this.asked = null;
  }
}

/**
 * @param {History} history
 * @param {ReadonlyMap<string, (key: string) => boolean>} wanted columns, by event
 * @returns {Map<string, TimeSeries>} by `key`
 */
export function seriesOf(history, wanted) {
  /** @type {Map<string, TimeSeries>} */
  const found = new Map();
  for (const [host, events] of Object.entries(history.hosts)) {
    for (const [event, spans] of Object.entries(events)) {
      const series = new TimeSeries(Infinity);
      series.replace(spans, wanted.get(event) ?? (() => false));
      found.set(key(host, event), series);
    }
  }
  return found;
}
