// @ts-check
/** Time axis of a plot: marks at whole seconds, minutes, hours, days and months of the display's time zone. */
import { clock, clockWidth, day, minute, month } from "../ui/format.js";

/** @import { Axis } from "../../vendor/uPlot.esm.js" */

const DAY = 86_400;

/** As uPlot counts months: it puts their marks at the first day of each. */
const MONTH = 30 * DAY;

/** Distances between marks, seconds. */
const INCREMENTS = [
  ...[1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200],
  ...[1, 2, 3, 5, 10, 15].map((days) => days * DAY),
  ...[1, 2, 3, 6, 12].map((months) => months * MONTH),
];

/**
 * @param {number} unit pixels
 * @param {number} end units right of the plot
 * @param {() => {from: number, to: number}} shown seconds since 1970
 * @returns {Partial<Axis>}
 */
export function timeAxis(unit, end, shown) {
  return {
    // HH:MM:SS wants more room than HH:MM.
    space: (_plot, _axis, low, high, width) => ((30 * width) / (high - low) < 3.5 * unit ? 3.5 : 5.5) * unit * clockWidth(),
    incrs: INCREMENTS,
    values: (plot, splits, _axis, _space, increment) => {
      if (increment >= MONTH) return splits.map(month);
      if (increment >= DAY) return splits.map(day);
      // Midnight is the day that begins.
      if (increment >= 60) return splits.map((time) => (increment >= 3600 && new Date(time * 1000).getHours() === 0 ? day(time) : minute(time)));
      const { from, to } = shown();
      // Half of it may reach beyond the plot, but not beyond the canvas.
      const last = to - ((2.2 * clockWidth() - Math.min(end, 2.2)) * unit * (to - from)) / (plot.bbox.width / devicePixelRatio);
      return splits.map((time) => (time > last ? "" : clock(time)));
    },
  };
}
