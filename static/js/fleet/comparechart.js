// @ts-check
/** Chart of one figure of several machines, with the name of each machine beside its line. */
import { Chart } from "../charts/chart.js";
import { percentMarks, roundUp } from "../charts/scale.js";
import { make, mark, valueElement, writeValue } from "../ui/dom.js";
import { terse, text } from "../ui/format.js";
import { thresholdOf } from "../ui/thresholds.js";
import { align } from "./align.js";

/** @typedef {import("../charts/chart.js").Axis} Axis */
/** @typedef {import("../panels/named_values.js").Value} Value */
/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../ui/theme.js").Theme} Theme */
/**
 * @typedef {object} Metric
 * @property {string} name as in data-value
 * @property {Value} value
 * @property {RegExp} columns of the event; the highest of several counts
 */

/** Colours that can be told apart; further lines repeat them, dashed. */
const COLORS = ["blue", "orange", "green", "purple"];

/** Most lines that can be told apart. */
export const MOST = 2 * COLORS.length;

/** Units: a letter's width, the least and the most room beside the plot, and the height of a name with its value. */
const LETTER = 0.58;
const LEAST_END = 6;
const MOST_END = 14;
const HEIGHT = 2.7;

/** Most steps along the axis: more than that cannot be told apart. */
const STEPS = 600;

export class CompareChart {
  /**
   * @param {HTMLElement} box
   * @param {string[]} hosts
   * @param {Metric} metric
   * @param {Theme} theme
   */
  constructor(box, hosts, metric, theme) {
    this.hosts = hosts;
    this.metric = metric;
    this.theme = theme;
    const lines = hosts.map((_, index) => ({ color: COLORS[index % COLORS.length], dashed: index >= COLORS.length }));
    this.labels = hosts.map((host, index) => {
      const number = valueElement(metric.name);
      const element = make("li", { "data-host": host }, make("b", {}, host), " ", number);
      element.style.setProperty("color", `var(--${lines[index].color})`);
      element.classList.toggle("dashed", lines[index].dashed);
      return { element, number };
    });
    const end = Math.min(MOST_END, Math.max(LEAST_END, LETTER * Math.max(0, ...hosts.map(({ length }) => length)) + 1));
    const list = make("ul", { class: "labels direct" }, ...this.labels.map(({ element }) => element));
    list.style.setProperty("width", `calc(${end - 1.2} * var(--unit))`);
    box.replaceChildren(list);
    this.chart = new Chart(box, lines, axisOf(metric), {
      theme,
      interaction: null,
      threshold: thresholdOf(metric.name),
      end,
      drawn: () => this.chart.placeLabels(this.labels.map(({ element }) => element), HEIGHT),
      pointed: () => {},
    });
  }

  /**
   * @param {Store} store
   * @param {number} now
   * @param {number} from
   * @param {number} to
   */
  draw(store, now, from, to) {
    const { event, format, read } = this.metric.value;
    const step = Math.max(Math.min(...this.hosts.map((host) => store.intervals.cadence(host, event))), (to - from) / STEPS);
    const series = this.hosts.map((host) => this.#seriesOf(store, host, from));
    this.chart.draw(align(series, from, to, step), from, to, []);
    this.hosts.forEach((host, index) => {
      const { element, number } = this.labels[index];
      const freshness = store.freshness(host, event, now);
      const data = freshness === "gone" ? null : store.latest(host, event);
      const value = data && read(data);
      mark(element, "data-freshness", freshness);
      writeValue(number, value, text(format(value)));
    });
  }

  restyle() {
    this.chart.rebuild();
  }

  destroy() {
    this.chart.destroy();
  }

  /**
   * @param {Store} store
   * @param {string} host
   * @param {number} from
   */
  #seriesOf(store, host, from) {
    const series = store.series(host, this.metric.value.event);
    const keys = [...series.columns.keys()].filter((key) => this.metric.columns.test(key));
    const [times, ...columns] = series.since(from, keys);
    const values = times.map((_, row) => highest(columns.map((column) => column[row])));
    return { times, values, cadence: store.intervals.cadence(host, this.metric.value.event) };
  }
}

/**
 * @param {Metric} metric
 * @returns {Axis}
 */
function axisOf({ value: { format } }) {
  if (format(50).unit === "%") return { range: () => [0, 100], label: (value) => `${value}\u00a0%`, marks: percentMarks };
  return { range: (_low, high) => [0, roundUp(high ?? 0, 1)], label: (value) => (value === 0 ? "0" : terse(format(value))) };
}

/** @param {(number | null)[]} values */
function highest(values) {
  return values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);
}
