// @ts-check
/** Line of one figure over the last minutes, without axes, broken where there are no samples. */
import { Canvas } from "./canvas.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @import { Column } from "./scale.js" */

export class Sparkline extends Canvas {
  /**
   * @param {Theme} theme
   * @param {string} color name of a custom property
   * @param {(highest: number) => number} top value at the upper edge; the lower edge is zero
   */
  constructor(theme, color, top) {
    super("sparkline");
    this.theme = theme;
    this.color = color;
    this.top = top;
    /** @type {{times: number[], values: Column, from: number, to: number}} */
    this.shown = { times: [], values: [], from: 0, to: 1 };
  }

  /**
   * @param {number[]} times
   * @param {Column} values
   * @param {number} from
   * @param {number} to
   */
  draw(times, values, from, to) {
    this.shown = { times, values, from, to };
    this.paint();
  }

  paint() {
    const context = this.begin();
    if (!context) return;
    const { times, values, from, to } = this.shown;
    const color = this.theme.color(this.color);
    const stroke = this.theme.unit / 8;
    const top = this.top(values.reduce((/** @type {number} */ most, value) => Math.max(most, value ?? 0), 0));
    const { width, height } = this;
    const x = (/** @type {number} */ time) => ((time - from) / (to - from)) * width;
    const y = (/** @type {number} */ value) => height - stroke - (value / top) * (height - 2 * stroke);

    for (const [start, end] of runs(values)) {
      const line = new Path2D();
      for (let i = start; i < end; i += 1) line.lineTo(x(times[i]), y(values[i] ?? 0));
      const area = new Path2D(line);
      area.lineTo(x(times[end - 1]), height);
      area.lineTo(x(times[start]), height);
      context.fillStyle = color;
      context.globalAlpha = 0.16;
      context.fill(area);
      context.globalAlpha = 1;
      context.strokeStyle = color;
      context.lineWidth = stroke;
      context.lineJoin = "round";
      context.stroke(line);
    }
  }
}

/**
 * @param {Column} values
 * @returns {Generator<[number, number]>} unbroken stretches, from (inclusive) to (exclusive)
 */
function* runs(values) {
  let start = -1;
  for (let i = 0; i <= values.length; i += 1) {
    const present = i < values.length && values[i] !== null;
    if (present && start < 0) start = i;
    if (!present && start >= 0) {
      yield [start, i];
      start = -1;
    }
  }
}
