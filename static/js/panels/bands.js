// @ts-check
/** Bands of a chart's lines, from the spans of a series, and their peaks in words; and lines on each other. */
import { text } from "../ui/format.js";

/** @import { Band } from "../charts/bands.js" */
/** @import { Column } from "../state/series.js" */
/** @import { Figure } from "../ui/format.js" */

/**
 * @param {import("../state/series.js").TimeSeries} series
 * @param {number} from
 * @param {string[]} keys
 * @returns {(Band | null)[]} one for each key, in step with `series.since`; null: rows are samples
 */
export function bandsOf(series, from, keys) {
  if (!series.bands) return keys.map(() => null);
  const [, ...lows] = series.since(from, keys, series.bands.low);
  const [, ...highs] = series.since(from, keys, series.bands.high);
  return keys.map((_, index) => ({ low: lows[index], high: highs[index] }));
}

/**
 * @param {readonly {stacked?: boolean}[]} lines the stacked ones first
 * @param {Column[]} columns one for each
 * @returns {Column[]} upper edges of the stacked ones, of what is known of them; the others as they are
 */
export function onEachOther(lines, columns) {
  /** @type {Column} */
  let below = [];
  return columns.map((column, index) => {
    if (!lines[index].stacked) return column;
    below = column.map((value, row) => (value === null ? (below[row] ?? null) : value + (below[row] ?? 0)));
    return below;
  });
}

/**
 * @param {Band | null} band
 * @param {number | null} row null: none is pointed at
 * @param {string} mean as it is told
 * @param {(value: number | null) => Figure} format
 * @returns {string} mean of a span, and its highest value where that differs
 */
export function withPeak(band, row, mean, format) {
  const high = row === null ? null : (band?.high[row] ?? null);
  const told = text(format(high));
  return high === null || told === mean ? mean : `${mean} ↑ ${told}`;
}
