// @ts-check
/**
 * Chart in a box, drawn by uPlot: follows the size of the box, the theme and the type size, and draws a given span of
 * time. Without a legend: labels stand in the head of the panel, or beside the lines that they name.
 */
import uPlot from "../../vendor/uPlot.esm.js";
import { drawBands, drawGhosts, extremes } from "./bands.js";
import { ChartCursor } from "./cursor.js";
import { drawMarks, drawThreshold, drawUnknown } from "./overlays.js";
import { spread } from "./scale.js";
import { timeAxis } from "./time_axis.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @import { Band, Ghost } from "./bands.js" */
/** @import { Interaction } from "./cursor.js" */
/** @import { Mark } from "./overlays.js" */
/** @import { Column } from "./scale.js" */
/**
 * @typedef {object} Line
 * @property {string} color a name of the look's colours
 * @property {number} [width] rem/16 at 1, so that lines grow with the type
 * @property {number} [fill] opacity of the area between the line and zero
 * @property {boolean} [dashed]
 * @property {boolean} [stacked] its area begins at the line before it; only the first lines are
 */
/**
 * @typedef {object} Axis
 * @property {(low: number | null, high: number | null) => [number, number]} range of the drawn data
 * @property {(value: number) => string} label
 * @property {(height: number) => number[]} [marks] by the height of the plot in units; default: as uPlot chooses
 */
/**
 * @typedef {object} ChartOptions
 * @property {Theme} theme
 * @property {Interaction | null} interaction
 * @property {number | null} threshold value of a line across the plot
 * @property {number} end at most, units right of the plot: half a label of the axis, or room for direct labels
 * @property {() => void} drawn called after lines were drawn
 * @property {(index: number | null) => void} pointed called with the row under the cursor; -1 where nothing is known
 */

/** Units beside and below the plot, alike in all charts, so that their time axes align. */
const GUTTER = 4.4;
const FOOT = 1.7;

/** Units right of the plot: half a label's width. The style sheet lets it reach into the margin. */
export const END = 1.3;

export class Chart {
  /**
   * @param {HTMLElement} box
   * @param {Line[]} lines
   * @param {Axis} axis
   * @param {ChartOptions} options
   */
  constructor(box, lines, axis, options) {
    this.box = box;
    this.lines = lines;
    this.axis = axis;
    this.options = options;
    /** @type {readonly Mark[]} */
    this.marks = [];
    this.from = 0;
    this.to = 1;
    /** @type {[number[], ...Column[]]} */
    this.data = [[], ...lines.map(() => [])];
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {readonly (Band | null)[]} */
    this.bands = [];
    /** @type {readonly (Ghost | null)[]} */
    this.ghosts = [];
    this.cursor = options.interaction && new ChartCursor(options.interaction, options, () => this.bands);
    this.observer = new ResizeObserver(() => this.#resize());
    this.observer.observe(box);
  }

  /**
   * @param {[number[], ...Column[]]} data times, then a column for each line
   * @param {number} from
   * @param {number} to
   * @param {readonly Mark[]} marks drawn as thin lines
   * @param {readonly (Band | null)[]} bands of each line, where rows are spans
   * @param {readonly (Ghost | null)[]} ghosts of each line, from an earlier time
   */
  draw(data, from, to, marks, bands, ghosts) {
    this.data = data;
    this.marks = marks;
    this.bands = bands;
    this.ghosts = ghosts;
    this.from = from;
    this.to = to;
    this.plot?.setData(data);
  }

  /**
   * Places the names of lines beside their newest values, so that none covers another.
   * @param {HTMLElement[]} labels one for each line
   * @param {number} height of a label, units
   */
  placeLabels(labels, height) {
    const { plot } = this;
    if (!plot) return;
    const { offsetTop, offsetHeight } = plot.over;
    const whole = height * this.options.theme.unit;
    // Where values would lie on names below them, there are names alone; and the first that fit.
    const isTight = labels.length * whole > offsetTop + offsetHeight;
    const size = isTight && height > 2 ? whole / 2 : whole;
    const fit = Math.floor((offsetTop + offsetHeight) / size);
    labels.forEach((label, index) => (label.hidden = index >= fit));
    labels[0]?.parentElement?.toggleAttribute("data-tight", isTight);
    const [, ...columns] = this.data;
    const wanted = columns.slice(0, fit).map((column) => plot.valToPos(column.findLast((value) => value !== null) ?? 0, "y") + offsetTop - size / 2);
    // The labels of the time axis, below the plot, reach under the names.
    const places = spread(wanted, size, offsetTop + offsetHeight);
    places.forEach((place, index) => labels[index].style.setProperty("transform", `translateY(${Math.round(place)}px)`));
  }

  destroy() {
    this.observer.disconnect();
    this.plot?.destroy();
    this.plot = null;
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

  /**
   * @param {number | null} low of the lines
   * @param {number | null} high
   * @returns {[number, number]}
   */
  #range(low, high) {
    const band = extremes(this.bands, this.data[0], this.ghosts, this.from, this.to);
    const [lowest, highest] = [Math.min(low ?? Infinity, band.low), Math.max(high ?? -Infinity, band.high)];
    return this.axis.range(lowest === Infinity ? low : lowest, highest === -Infinity ? high : highest);
  }

  /** @param {uPlot} plot */
  #drawn(plot) {
    if (!this.plot) return;
    const { theme, threshold, drawn } = this.options;
    drawThreshold(plot, theme, threshold);
    drawMarks(plot, theme, this.marks);
    drawn();
  }

  /** @returns {Omit<uPlot.Options, "width" | "height">} */
  #options() {
    // Callbacks read the options when they are called; values given here stay as they are.
    const { end, theme } = this.options;
    const { unit, family } = theme;
    // Whole pixels: uPlot scales the number before "px" to the screen, and reads no fractions.
    const font = `${Math.round(0.9 * unit)}px ${family}`;
    const { label, marks } = this.axis;
    /** @type {Partial<uPlot.Axis>} */
    const common = {
      font,
      stroke: theme.color("ink-dim"),
      gap: 0.35 * unit,
      ticks: { show: false },
      grid: { stroke: theme.color("grid"), width: unit / 16 },
    };
    return {
      padding: [0.5 * unit, ({ width }) => Math.min(end * unit, width / 2), 0, 0],
      cursor: this.cursor?.cursor ?? { show: false },
      select: { show: this.cursor !== null, left: 0, top: 0, width: 0, height: 0 },
      legend: { show: false },
      hooks: {
        ...this.cursor?.hooks,
        drawAxes: [(plot) => drawUnknown(plot, theme, this.from), (plot) => drawGhosts(plot, theme, this.lines, this.ghosts), (plot) => drawBands(plot, theme, this.lines, this.bands)],
        draw: [(plot) => this.#drawn(plot)],
      },
      scales: {
        x: { time: true, range: () => [this.from, this.to] },
        y: { range: (_plot, low, high) => this.#range(low, high) },
      },
      axes: [
        {
          ...common,
          size: FOOT * unit,
          ...timeAxis(unit, end, () => this),
        },
        {
          ...common,
          size: GUTTER * unit,
          // Few enough marks to be read, however tall the plot.
          space: (_plot, _axis, _low, _high, height) => Math.max(2 * unit, height / 7),
          values: (_plot, splits) => splits.map(label),
          ...(marks && { splits: (plot) => marks(plot.bbox.height / devicePixelRatio / unit) }),
        },
      ],
      series: [{}, ...this.lines.map((line) => series(line, theme.color(line.color), unit))],
      bands: this.lines.flatMap(({ stacked }, index) => (stacked && index ? [{ series: /** @type {[number, number]} */ ([index + 1, index]) }] : [])),
    };
  }
}

/**
 * @param {Line} line
 * @param {string} color
 * @param {number} size pixels of the type
 * @returns {uPlot.Series}
 */
function series({ width = 2, fill = 0, dashed = false }, color, size) {
  const unit = size / 16;
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
