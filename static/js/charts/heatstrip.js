// @ts-check
/**
 * Heat map with a row for each core and a cell for each sample, brighter the busier. It stays readable at 128
 * cores, where lines would be a tangle; it lies under the chart of all cores and shares its time axis.
 */
import { Canvas } from "./canvas.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @import { Column } from "./scale.js" */

/** Number of shades: more than an eye tells apart, and few enough to paint in batches. */
const SHADES = 20;

export class HeatStrip extends Canvas {
  /** @param {Theme} theme */
  constructor(theme) {
    super("heatstrip");
    this.theme = theme;
    /** @type {{times: number[], rows: Column[], from: number, to: number, longest: number}} */
    this.shown = { times: [], rows: [], from: 0, to: 1, longest: 1 };
  }

  /**
   * @param {number[]} times
   * @param {Column[]} rows percent, one for each core
   * @param {number} from
   * @param {number} to
   * @param {number} longest seconds that one sample can stand for after a gap
   */
  draw(times, rows, from, to, longest) {
    this.shown = { times, rows, from, to, longest };
    this.paint();
  }

  paint() {
    const context = this.begin();
    if (!context) return;
    const { times, rows, from, to, longest } = this.shown;
    const { width, height } = this;
    const { unit } = this.theme;
    const gap = rows.length > 1 && height / rows.length > unit / 2 ? unit / 16 : 0;
    const x = (/** @type {number} */ time) => Math.max(0, ((time - from) / (to - from)) * width);
    /** @type {Path2D[]} */
    const shades = [];

    rows.forEach((row, index) => {
      const top = (index * height) / rows.length + gap / 2;
      let left = 0;
      let most = 0;
      for (let i = 1; i < times.length; i += 1) {
        const value = row[i];
        if (value === null) continue;
        // A sample covers the time since the one before it. A gap is a row, in the middle of it or near its beginning.
        const start = x(row[i - 1] === null ? Math.max(times[i - 1], times[i] - longest) : times[i - 1]);
        if (start - left >= 1 || most === 0) [left, most] = [start, 0];
        most = Math.max(most, value, 0.1);
        // Samples that share a pixel are drawn as the busiest of them.
        const right = x(times[i]);
        if (right - left < 1) continue;
        // Half a pixel over the edge, so that no seams show between cells.
        (shades[shade(most)] ??= new Path2D()).rect(left, top, right - left + 0.5, height / rows.length - gap);
        most = 0;
      }
    });
    context.fillStyle = this.theme.color("heat");
    shades.forEach((path, step) => {
      context.globalAlpha = 0.08 + (0.92 * step) / SHADES;
      context.fill(path);
    });
  }
}

/** @param {number} percent */
function shade(percent) {
  return Math.round((Math.min(100, Math.max(0, percent)) / 100) * SHADES);
}
