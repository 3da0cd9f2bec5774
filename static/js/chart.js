// @ts-check
/**
 * One uPlot in one box: follows the box's size, the theme and the type size, and draws the time
 * window it is told. No cursor, no legend: nobody hovers over a wall, and labels stand in the head.
 */
import uPlot from "../vendor/uPlot.esm.js";
import { minute } from "./format.js";
import { palette } from "./theme.js";

/** @typedef {import("./table.js").Column} Column */
/**
 * @typedef {object} Line
 * @property {string} color a name of the palette
 * @property {number} [width] rem/16 at 1, so that lines grow with the type
 * @property {number} [fill] opacity of the area between the line and zero
 * @property {boolean} [dashed]
 */
/**
 * @typedef {object} Axis
 * @property {(low: number | null, high: number | null) => [number, number]} range of the drawn data
 * @property {(value: number) => string} label
 * @property {(height: number) => number[]} [marks] for a plot of so many rem; else uPlot chooses
 */

/** Rem beside and below the plot. All charts have the same, so that their time axes align. */
const GUTTER = 4.4;
const FOOT = 1.7;

/** Rem right of the plot: half a label's width. The style sheet lets it reach into the margin. */
const END = 1.3;

export class Chart {
  /**
   * @param {HTMLElement} box
   * @param {Line[]} lines
   * @param {Axis} axis
   */
  constructor(box, lines, axis) {
    this.box = box;
    this.lines = lines;
    this.axis = axis;
    this.from = 0;
    this.to = 1;
    /** @type {[number[], ...Column[]]} */
    this.data = [[], ...lines.map(() => [])];
    /** @type {uPlot | null} */
    this.plot = null;
    new ResizeObserver(() => this.#resize()).observe(box);
  }

  /**
   * @param {[number[], ...Column[]]} data times, then a column for each line
   * @param {number} from
   * @param {number} to
   */
  draw(data, from, to) {
    this.data = data;
    this.from = from;
    this.to = to;
    this.plot?.setData(data);
  }

  /** Colours and type are fixed in a plot, so another theme is another plot. */
  rebuild() {
    this.plot?.destroy();
    this.plot = null;
    this.#resize();
  }

  #resize() {
    const size = { width: this.box.clientWidth, height: this.box.clientHeight };
    if (size.width < 1 || size.height < 1) return;
    if (this.plot) this.plot.setSize(size);
    else this.plot = new uPlot({ ...this.#options(), ...size }, this.data, this.box);
  }

  /** @returns {Omit<uPlot.Options, "width" | "height">} */
  #options() {
    const { color, rem, family } = palette();
    // Whole pixels: uPlot scales the number before "px" to the screen, and reads no fractions.
    const font = `${Math.round(0.9 * rem)}px ${family}`;
    const { range, label, marks } = this.axis;
    /** @type {Partial<uPlot.Axis>} */
    const common = {
      font,
      stroke: color("ink-dim"),
      gap: 0.35 * rem,
      ticks: { show: false },
      grid: { stroke: color("grid"), width: rem / 16 },
    };
    return {
      padding: [0.5 * rem, END * rem, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { time: true, range: () => [this.from, this.to] },
        y: { range: (_plot, low, high) => range(low, high) },
      },
      axes: [
        {
          ...common,
          size: FOOT * rem,
          space: 3.5 * rem,
          incrs: [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600],
          values: (_plot, splits) => splits.map(minute),
        },
        {
          ...common,
          size: GUTTER * rem,
          space: 2 * rem,
          values: (_plot, splits) => splits.map(label),
          ...(marks && { splits: (plot) => marks(plot.bbox.height / devicePixelRatio / rem) }),
        },
      ],
      series: [{}, ...this.lines.map((line) => series(line, color(line.color), rem))],
    };
  }
}

/**
 * @param {Line} line
 * @param {string} color
 * @param {number} rem
 * @returns {uPlot.Series}
 */
function series({ width = 2, fill = 0, dashed = false }, color, rem) {
  const unit = rem / 16;
  return {
    stroke: color,
    width: width * unit,
    spanGaps: false,
    ...(fill > 0 && { fill: faded(color, fill) }),
    ...(dashed && { dash: [6 * unit, 5 * unit] }),
    points: { show: false, filter: loners, size: 2 * width * unit, fill: color },
  };
}

/**
 * The samples between two gaps: a line through one point cannot be seen, so they are drawn as dots.
 * @param {uPlot} plot
 * @param {number} index of the series
 * @returns {number[]}
 */
function loners(plot, index) {
  const values = plot.data[index];
  const found = [];
  for (let i = 0; i < values.length; i += 1) {
    if (values[i] !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null) found.push(i);
  }
  return found;
}

/**
 * @param {string} color #rrggbb
 * @param {number} opacity 0 to 1
 */
function faded(color, opacity) {
  return color + Math.round(opacity * 255).toString(16).padStart(2, "0");
}
