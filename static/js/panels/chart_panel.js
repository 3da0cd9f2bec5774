// @ts-check
/**
 * Panel with a chart of one family. The name of each line stands in its colour with the newest value: in the head,
 * at a fixed place, or beside the line, to be read from afar.
 */
import { Chart, END } from "../charts/chart.js";
import { HeatStrip } from "../charts/heatstrip.js";
import { GAP } from "../state/series.js";
import { make, valueElement, write, writeValue } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { formatOf } from "../ui/units.js";
import { axisOf } from "./axes.js";
import { bandsOf, onEachOther, withPeak } from "./bands.js";
import { shownLevel, thresholdOf } from "../ui/thresholds.js";
import { figure, Panel } from "./panel.js";

/** @import { Band } from "../charts/bands.js" */
/** @import { Axis, Line } from "../charts/chart.js" */
/** @import { Interaction } from "../charts/cursor.js" */
/** @import { Catalogue, PanelRow } from "../config/catalogue.js" */
/** @import { Column } from "../state/series.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Figure } from "../ui/format.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { View } from "./panel.js" */
/**
 * @typedef {Line & {
 *   field: string,
 *   name: string,
 *   downward?: boolean,
 *   share?: boolean,
 *   format?: (value: number | null) => Figure,
 * }} ChartLine field of the event; downward: drawn below zero; share: drawn in percent of the whole
 */
/**
 * @typedef {object} ChartSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {string} says description for screen readers
 * @property {ChartLine[]} lines
 * @property {Axis} axis
 * @property {(value: number | null) => Figure} format
 * @property {string} [watch] field whose level the panel shows
 * @property {string} [strip] a list field to draw as a heat strip below
 * @property {ChartLine[]} [stack] drawn on each other, with those of the lines that are not among them
 * @property {string} [whole] field of which lines may be shares
 */
/**
 * @typedef {object} PanelOptions
 * @property {Theme} theme
 * @property {Interaction | null} interaction null: none
 * @property {boolean} direct names stand beside the lines
 * @property {number} series most lines
 * @property {ReadonlySet<string>} shownByTiles values that a tile shows already
 */

/** Width of the names beside a plot, and height of a name; units. */
const DIRECT_END = 8;
const DIRECT_HEIGHT = 2.7;

export class ChartPanel extends Panel {
  /**
   * @param {ChartSpec} spec
   * @param {PanelOptions} options
   */
  constructor(spec, options) {
    const attributes = { "data-panel": spec.name, "aria-label": `${spec.title}, chart` };
    super({ event: spec.event, title: spec.title, className: "panel chart", attributes });
    this.spec = spec;
    this.options = options;
    const { lines, stack = [] } = spec;
    const others = lines.filter(({ field }) => !stack.some((line) => line.field === field)).map((line) => (stack.length ? { ...line, fill: 0 } : line));
    // From afar a few bold lines are read, and no areas.
    this.lines = options.direct ? lines.slice(0, options.series) : [...stack, ...others];
    /** Lines with bands, and with what they were before: those that stand at their own height. */
    this.alone = this.lines.map(({ field, stacked }, index) => !(stacked && index) && lines.some((line) => line.field === field));
    /** Lines whose newest value a tile shows; theirs is shown only at the cursor. */
    this.quiet = this.lines.map(({ field }) => options.shownByTiles.has(`${spec.event}.${field}`));
    this.values = this.lines.map(({ field }, index) => (this.quiet[index] ? make("data") : valueElement(`${spec.event}.${field}`)));
    this.labels = this.lines.map((line, index) => {
      const label = make("li", { class: `ink-${line.color}` }, line.name, " ", this.values[index]);
      if (line.dashed) label.classList.add("dashed");
      if (line.stacked) label.classList.add("area");
      return label;
    });
    const own = lines.map(({ field }) => this.lines.findIndex((line) => line.field === field)).filter((index) => index >= 0);
    /** Places of the lines in the order in which they are told: the parts of a stack after the lines. */
    this.order = [...new Set([...own, ...this.lines.keys()])];
    /** What pale lines are. */
    this.before = make("li", { class: "before" });
    const list = make("ul", { class: options.direct ? "labels direct" : "labels" }, ...this.order.map((index) => this.labels[index]), ...(options.direct ? [] : [this.before]));
    const box = make("div", { class: "plot", role: "img", "aria-label": spec.says });
    this.body.append(box);
    if (options.direct) box.append(list);
    else this.mark.before(list);

    /** Row under the cursor; null: the newest values are shown. @type {number | null} */
    this.pointed = null;
    /** @type {[number[], ...Column[]]} */
    this.shown = [[], ...this.lines.map(() => [])];
    /** @type {readonly (Band | null)[]} */
    this.bands = [];
    /** @type {Data | null} */
    this.data = null;
    this.chart = new Chart(box, this.lines, spec.axis, {
      theme: options.theme,
      interaction: options.interaction,
      threshold: null,
      end: options.direct ? DIRECT_END : END,
      drawn: () => options.direct && this.chart.placeLabels(this.labels, DIRECT_HEIGHT),
      pointed: (index) => {
        if (index === this.pointed) return;
        this.pointed = index;
        this.holdHead(index !== null);
        this.#writeValues();
      },
    });
    // From afar cores cannot be told apart, and the chart needs the room.
    this.strip = spec.strip && !options.direct ? new HeatStrip(options.theme) : null;
    this.stripLabel = make("span");
    if (this.strip) this.body.append(make("div", { class: "strip" }, this.stripLabel, this.strip.element));
  }

  /** @param {View} view */
  draw({ store, host, from, to, rules, marks, before }) {
    const { strip, watch } = this.spec;
    const latest = store.latest(host, this.event);
    this.data = this.gone ? null : latest;
    const series = store.series(host, this.event);
    const fields = this.lines.map((line) => line.field);
    const [times, ...columns] = series.since(from, fields);
    this.bands = bandsOf(series, from, fields);
    const percent = 100 / (figure(latest, this.spec.whole ?? "") || Infinity);
    /** @type {(column: Column, index: number) => Column} */
    const drawn = (column, index) => {
      const { downward, share } = this.lines[index];
      if (share) return column.map((value) => value && value * percent);
      return downward ? column.map(negative) : column;
    };
    const bands = this.bands.map((band, index) => (band && this.alone[index] ? { low: drawn(band.low, index), high: drawn(band.high, index) } : null));
    const ghosts = this.lines.map(({ field }, index) => {
      const ghost = this.alone[index] && before?.line(store, host, this.event, field);
      return ghost ? { ...ghost, values: drawn(ghost.values, index) } : null;
    });
    write(this.before, before && !this.options.direct ? before.words : "");
    this.shown = [times, ...columns];
    if (watch) {
      const watched = `${this.event}.${watch}`;
      this.setLevel(shownLevel(watched, null, figure(this.data, watch), rules));
      this.chart.options.threshold = thresholdOf(watched, rules);
    }
    this.#writeValues();
    this.chart.draw([times, ...onEachOther(this.lines, columns.map(drawn))], from, to, marks, bands, ghosts);

    if (this.strip && strip) {
      const count = listLength(latest, strip);
      write(this.stripLabel, `${count} ${strip}`);
      const [moments, ...rows] = series.since(from, Array.from({ length: count }, (_, core) => `${strip}.${core}`));
      this.strip.draw(moments, rows, from, to, Math.max(series.span, GAP * store.intervals.cadence(host, this.event)));
    }
  }

  /** @returns {import("./panel.js").Table} */
  table() {
    const [times, ...columns] = this.shown;
    const lines = this.order.map((index) => this.lines[index]);
    return { names: lines.map(({ name }) => name), times, columns: this.order.map((index) => columns[index]), formats: lines.map(({ format }) => format ?? this.spec.format) };
  }

  restyle() {
    this.chart.rebuild();
  }

  destroy() {
    this.chart.destroy();
    this.strip?.destroy();
  }

  #writeValues() {
    const [, ...columns] = this.shown;
    this.lines.forEach(({ field, format }, index) => {
      const value = this.pointed === null ? figure(this.data, field) : (columns[index][this.pointed] ?? null);
      const silent = this.quiet[index] && this.pointed === null;
      const written = format ?? this.spec.format;
      writeValue(this.values[index], value, silent ? "" : withPeak(this.bands[index] ?? null, this.pointed, text(written(value)), written));
    });
  }
}

/** @param {number | null} value */
function negative(value) {
  return value === null ? null : -value;
}

/**
 * @param {Data | null} data
 * @param {string} field
 */
function listLength(data, field) {
  const list = data?.[field];
  return Array.isArray(list) ? list.length : 0;
}

/**
 * @param {PanelRow} row of kind "chart"
 * @param {Catalogue} catalogue
 * @returns {ChartSpec}
 */
export function chartSpec({ name, event, title, says = title, unit = "", watch, strip, whole, lines = [], stack = [] }, catalogue) {
  const twoSided = lines.some(({ downward }) => downward);
  const made = (/** @type {import("../config/catalogue.js").LineRow} */ line) => ({
    ...line,
    name: line.title,
    share: Boolean(whole && line.unit && line.unit !== unit),
    format: formatOf(line.unit ?? unit, catalogue.figure(event, line.field).decimals),
  });
  return {
    name,
    event,
    title,
    says,
    watch: watch ?? undefined,
    strip: strip ?? undefined,
    axis: axisOf({ unit, source: "built-in" }, twoSided),
    format: formatOf(unit),
    whole: whole ?? undefined,
    lines: lines.map(made),
    stack: stack.map((line) => ({ ...made(line), stacked: true })),
  };
}
