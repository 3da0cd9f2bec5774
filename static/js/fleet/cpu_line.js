// @ts-check
/** CPU of a machine over the last minutes, as a line at the foot of its tile. */
import { Sparkline } from "../charts/sparkline.js";
import { DEFAULTS } from "../config/page_url.js";

/** @import { Column } from "../charts/scale.js" */
/** @import { Theme } from "../ui/appearance.js" */

/** Most machines whose tiles have room for it. */
export const MOST_LINES = 12;

const FULL = 100;

/** Least length of the line, seconds. */
const LEAST = 30;

export class CpuLine {
  /** @param {Theme} theme */
  constructor(theme) {
    this.line = new Sparkline(theme, "blue", () => FULL);
    this.element = this.line.element;
    /** @type {number[]} */
    this.times = [];
    /** @type {Column} */
    this.values = [];
  }

  /**
   * Puts what the history has before what has come.
   * @param {number[]} times seconds since 1970
   * @param {Column} values percent; null: a gap
   */
  fill(times, values) {
    const first = this.times[0] ?? Infinity;
    const earlier = times.filter((time) => time < first);
    this.times.unshift(...earlier);
    this.values.unshift(...values.slice(0, earlier.length));
  }

  /**
   * @param {number} at time of the newest sample, seconds since 1970
   * @param {number | null} value percent
   * @param {boolean} late true if no newer one has come in time
   * @param {number} now
   */
  draw(at, value, late, now) {
    const last = this.times.length - 1;
    if (at > (this.times[last] ?? 0)) this.#add(at, value);
    else if (late && this.values[last] !== null) this.#add(now, null);
    const from = now - DEFAULTS.window;
    const gone = this.times.findIndex((time) => time >= from);
    this.times.splice(0, gone < 0 ? this.times.length : gone);
    this.values.splice(0, this.values.length - this.times.length);
    // The line of a new machine grows, too, and is no sliver.
    this.line.draw(this.times, this.values, Math.max(from, Math.min(this.times[0] ?? now, now - LEAST)), now);
  }

  /**
   * @param {number} time
   * @param {number | null} value
   */
  #add(time, value) {
    this.times.push(time);
    this.values.push(value);
  }

  destroy() {
    this.line.destroy();
  }
}
