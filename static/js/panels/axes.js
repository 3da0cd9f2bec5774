// @ts-check
/** Axes of figures, by their unit and the ends that the catalogue has for them. */
import { LEAST_RATE, mirrored, percentMarks, roundUp } from "../charts/scale.js";
import { terse } from "../ui/format.js";
import { formatOf } from "../ui/units.js";

/** @import { Axis } from "../charts/chart.js" */
/** @import { FigureRow } from "../config/catalogue.js" */

/** Fixed ends, so that half a chart always means half. @type {Axis} */
const PERCENT = { range: () => [0, 100], label: (value) => `${value} %`, marks: percentMarks };

/**
 * @param {Pick<FigureRow, "unit" | "min" | "max" | "source">} row
 * @param {boolean} [twoSided] lines are drawn downwards, too
 * @returns {Axis}
 */
export function axisOf({ unit, min, max, source }, twoSided = false) {
  if (unit === "%" && (min ?? 0) === 0 && (max ?? 100) === 100) return PERCENT;
  const format = formatOf(unit);
  // One scale for both directions; the sign is not shown.
  if (twoSided) return { range: mirrored, label: (value) => (value === 0 ? "0" : terse(format(Math.abs(value)))) };
  const least = leastOf(unit, source);
  return {
    range: (low, high) => {
      const lowest = min ?? ((low ?? 0) < 0 ? -roundUp(-(low ?? 0), 0) : 0);
      const highest = max ?? ((high ?? 0) > 0 || lowest === 0 ? roundUp(high ?? 0, (high ?? 0) > 0 ? least : least || 1) : 0);
      return highest > lowest ? [lowest, highest] : [lowest, lowest + 1];
    },
    label: (value) => (value === 0 ? "0" : terse(format(value))),
  };
}

/**
 * @param {FigureRow} row
 * @returns {(highest: number) => number} upper end of a sparkline
 */
export function topOf({ unit, max, source }) {
  const least = leastOf(unit, source);
  return (highest) => max ?? (unit === "%" ? 100 : roundUp(highest, highest > 0 ? least : least || 1));
}

/**
 * @param {string} unit
 * @param {string} [source]
 * @returns {number} end of an idle axis: noise must not look like a storm
 */
function leastOf(unit, source) {
  if (unit === "B/s") return LEAST_RATE;
  return source === "built-in" ? 1 : 0;
}
