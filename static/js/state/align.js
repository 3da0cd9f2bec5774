// @ts-check
/**
 * Aligns the samples of several machines on one time axis. Machines sample at different moments, so time is cut
 * into steps, and the figure of a step is the last one in it.
 */
import { GAP } from "./series.js";

/** @import { Column } from "./series.js" */

/**
 * @param {{times: number[], values: Column, cadence: number}[]} series of each machine, times ascending; null marks a gap
 * @param {number} from seconds since 1970
 * @param {number} to
 * @param {number} step seconds; a machine keeps its last figure for three of them, or for three of its cadences if those are longer
 * @returns {[number[], ...Column[]]} times, then a column for each machine
 */
export function align(series, from, to, step) {
  const first = Math.floor(from / step);
  const slots = Math.floor(to / step) - first + 1;
  // Before anything was heard there is no span, or no step.
  const count = Number.isFinite(slots) ? Math.max(0, slots) : 0;
  const times = Array.from({ length: count }, (_, index) => (first + index) * step);
  const columns = series.map(({ times: moments, values, cadence }) => {
    const late = GAP * Math.max(1, Math.ceil(cadence / step));
    /** @type {Column} */
    const column = new Array(count).fill(null);
    let known = -Infinity;
    /** @type {number | null} */
    let last = null;
    let row = 0;
    while (row < moments.length && moments[row] < first * step) row += 1;
    for (let slot = 0; slot < count; slot += 1) {
      for (; row < moments.length && moments[row] < times[slot] + step; row += 1) {
        last = values[row];
        known = slot;
      }
      column[slot] = slot - known <= late ? last : null;
    }
    return column;
  });
  return [times, ...columns];
}
