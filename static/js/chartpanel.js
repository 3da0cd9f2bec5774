// @ts-check
/**
 * A chart of one family with its labels above it: each line's name in the line's own colour, with
 * its newest value, at a fixed place so that nothing jumps about.
 */
import { Chart } from "./chart.js";
import { make, valueElement, write, writeValue } from "./dom.js";
import { text } from "./format.js";
import { HeatStrip } from "./heatstrip.js";
import { figure, Panel } from "./panel.js";
import { GAP } from "./table.js";

/** @typedef {import("./chart.js").Axis} Axis */
/** @typedef {import("./chart.js").Line} Line */
/** @typedef {import("./format.js").Figure} Figure */
/** @typedef {import("./panel.js").View} View */
/** @typedef {import("./panel.js").Data} Data */
/**
 * @typedef {Line & {
 *   field: string,
 *   name: string,
 *   downward?: boolean,
 *   quiet?: boolean,
 *   format?: (value: number | null) => Figure,
 * }} ChartLine field of the event; downward: drawn below zero; quiet: a tile has its value already
 */
/**
 * @typedef {object} ChartSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {string} says what a listener hears of the chart
 * @property {ChartLine[]} lines
 * @property {Axis} axis
 * @property {(value: number | null) => Figure} format
 * @property {string} [strip] a list field to draw as a heat strip below
 */

export class ChartPanel extends Panel {
  /** @param {ChartSpec} spec */
  constructor(spec) {
    const attributes = { "data-panel": spec.name, "aria-label": `${spec.title}, chart` };
    super({ event: spec.event, title: spec.title, className: "panel chart", attributes });
    this.spec = spec;
    this.values = spec.lines.map((line) => (line.quiet ? null : valueElement(`${spec.event}.${line.field}`)));
    const labels = spec.lines.map((line, index) => {
      const value = this.values[index];
      const label = make("li", { class: `ink-${line.color}` }, line.name);
      if (line.dashed) label.classList.add("dashed");
      if (value) label.append(" ", value);
      return label;
    });
    this.age.before(make("ul", { class: "labels" }, ...labels));

    const box = make("div", { class: "plot", role: "img", "aria-label": spec.says });
    this.body.append(box);
    this.chart = new Chart(box, spec.lines, spec.axis);
    this.strip = spec.strip ? new HeatStrip() : null;
    this.stripLabel = make("span");
    if (this.strip) this.body.append(make("div", { class: "strip" }, this.stripLabel, this.strip.element));
  }

  /** @param {View} view */
  draw({ store, host, from, to }) {
    const { lines, format, strip } = this.spec;
    const data = store.latest(host, this.event);
    const table = store.table(host, this.event);
    lines.forEach((line, index) => {
      const element = this.values[index];
      const value = figure(data, line.field);
      if (element) writeValue(element, value, text((line.format ?? format)(value)));
    });
    const [times, ...columns] = table.since(from, lines.map((line) => line.field));
    const drawn = columns.map((column, index) => (lines[index].downward ? column.map(negative) : column));
    this.chart.draw([times, ...drawn], from, to);

    if (this.strip && strip) {
      const count = listLength(data, strip);
      write(this.stripLabel, `${count} ${strip}`);
      const [moments, ...rows] = table.since(from, Array.from({ length: count }, (_, core) => `${strip}.${core}`));
      this.strip.draw(moments, rows, from, to, GAP * store.cadence(this.event));
    }
  }

  restyle() {
    this.chart.rebuild();
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
