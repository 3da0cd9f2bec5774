// @ts-check
/** Panel with a chart of any figures: one's own, all of an event, or those of several machines. */
import { Chart, END } from "../charts/chart.js";
import { align } from "../state/align.js";
import { figureOf } from "../state/flatten.js";
import { INTERVAL_EVENT, whyMissing } from "../state/intervals.js";
import { make, mark, valueElement, write, writeValue } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { shownLevel, thresholdOf } from "../ui/thresholds.js";
import { formatOf } from "../ui/units.js";
import { axisOf } from "./axes.js";
import { bandsOf, withPeak } from "./bands.js";
import { columnOf, linesOf, namesOf, rulesFor } from "./figure_lines.js";
import { Panel } from "./panel.js";

/** @import { Band } from "../charts/bands.js" */
/** @import { Catalogue } from "../config/catalogue.js" */
/** @import { Part } from "../config/figure_name.js" */
/** @import { Column, Columns, TimeSeries } from "../state/series.js" */
/** @import { Store } from "../state/store.js" */
/** @import { PanelOptions } from "./chart_panel.js" */
/** @import { FigureLine } from "./figure_lines.js" */
/** @import { View } from "./panel.js" */
/** @typedef {{element: HTMLLIElement, value: HTMLDataElement}} Label */

/** Colours that can be told apart; further lines repeat them, dashed. */
const COLORS = ["blue", "orange", "green", "purple"];

/** Most lines that can be told apart. */
const MOST = 2 * COLORS.length;

/** Units: a letter's width, the least and most room for names beside the plot, and the heights of one in one or two rows. */
const LETTER = 0.56;
const LEAST_END = 6;
const MOST_END = 17;
const ROW = 1.5;
const TWO_ROWS = 2.7;

/** Room for a value beside a name, units. */
const VALUE = 5.5;

/** Most lines whose names and values are in two rows. */
const MOST_TALL = 3;

/** Most steps along the axis: more than that cannot be told apart. */
const STEPS = 600;

/** Longest step, and longest pace of a line that is drawn together with others; seconds. */
const LONGEST_STEP = 10;
const LONGEST_HOLD = 600;

/** The freshest first. */
const AGES = ["fresh", "stale", "gone", "waiting", "missing", "absent"];

export class FigurePanel extends Panel {
  /**
   * @param {string} name
   * @param {readonly Part[]} parts
   * @param {Catalogue} catalogue
   * @param {PanelOptions} options
   */
  constructor(name, parts, catalogue, options) {
    const title = catalogue.title(parts);
    super({ event: parts[0].event, title, className: "panel chart figures", attributes: { "data-panel": name, "aria-label": `${title} (${name}), chart` } });
    this.parts = parts;
    this.events = parts.map((part) => part.event);
    this.catalogue = catalogue;
    this.options = options;
    this.ofMachines = parts.some(({ hosts }) => hosts !== null);
    // Lines of one figure are read one by one: there may be more of them.
    this.most = Math.min(MOST, this.ofMachines ? 2 * options.series : options.series);
    this.list = make("ul", { class: "labels" });
    this.more = make("span", { class: "more" });
    this.mark.before(this.more);
    this.box = make("div", { class: "plot", role: "img", "aria-label": title });
    this.body.append(this.box);
    /** @type {FigureLine[]} */
    this.lines = [];
    /** @type {Label[]} */
    this.labels = [];
    /** @type {Chart | null} */
    this.chart = null;
    this.made = "";
    /** Row under the cursor; null: the newest values are shown. @type {number | null} */
    this.pointed = null;
    /** @type {Column[]} */
    this.columns = [];
    /** @type {(Band | null)[]} */
    this.bands = [];
    /** @type {View | null} */
    this.view = null;
  }

  /** @param {View} view */
  refresh(view) {
    const lines = linesOf(this.parts, this.catalogue, view);
    const ages = lines.map(({ store, host, event }) => ({ freshness: store.freshness(host, event, view.now), time: store.time(host, event) }));
    const [first] = ages.sort((a, b) => AGES.indexOf(a.freshness) - AGES.indexOf(b.freshness) || (b.time ?? 0) - (a.time ?? 0));
    const [part] = this.parts;
    const why = part.hosts === null ? whyMissing(view.store.latest(view.host, INTERVAL_EVENT), part.event) : null;
    return this.showAge(first?.freshness ?? (why === null ? "waiting" : "absent"), first?.time ?? null, view.now, why);
  }

  /** @param {View} view */
  draw(view) {
    this.view = view;
    const { from, to, marks, before } = view;
    const all = linesOf(this.parts, this.catalogue, view);
    this.lines = all.slice(0, this.most);
    write(this.more, [all.length > this.most ? `${this.most} of ${all.length}` : "", before ? `pale: ${before.words}` : ""].filter(Boolean).join(", "));
    this.#make();
    if (!this.chart) return;
    const [times, ...columns] = this.#columns(from, to);
    this.columns = columns;
    const [line] = this.lines;
    const alike = this.lines.every(({ row }) => row.name === line.row.name);
    this.chart.options.threshold = alike ? thresholdOf(`${line.event}.${columnOf(line)}`, rulesFor(line)) : null;
    this.#writeValues();
    const ghosts = this.lines.map((each) => before?.line(each.store, each.host, each.event, columnOf(each)) ?? null);
    this.chart.draw([times, ...columns], from, to, marks, this.bands, ghosts);
  }

  /** @returns {import("./panel.js").Table} */
  table() {
    const formats = this.lines.map(({ row }) => formatOf(row.unit, row.decimals));
    return { names: namesOf(this.lines, this.ofMachines), times: this.chart?.data[0] ?? [], columns: this.columns, formats };
  }

  restyle() {
    this.chart?.rebuild();
  }

  destroy() {
    this.chart?.destroy();
  }

  /** Makes the chart and its labels anew when other lines are shown. */
  #make() {
    const { ofMachines } = this;
    const names = namesOf(this.lines, ofMachines);
    const made = JSON.stringify([names, this.lines.map(({ row }) => row.name)]);
    if (made === this.made) return;
    this.made = made;
    this.chart?.destroy();
    this.chart = null;
    this.pointed = null;
    const styles = this.lines.map((_, index) => ({ color: COLORS[index % COLORS.length], dashed: index >= COLORS.length, fill: this.lines.length === 1 ? 0.22 : 0 }));
    this.labels = this.lines.map(({ event, field, host }, index) => {
      const value = valueElement(`${event}.${field}`);
      const element = make("li", { class: `ink-${styles[index].color}`, "data-host": host }, make("b", {}, this.lines.length > 1 || ofMachines ? names[index] : ""), " ", value);
      element.classList.toggle("dashed", styles[index].dashed);
      return { element, value };
    });
    const { direct, theme, interaction } = this.options;
    const beside = direct || this.lines.length > 3 || ofMachines;
    const longest = LETTER * Math.max(0, ...names.map(({ length }) => length));
    const tall = direct && this.lines.length <= MOST_TALL;
    const rows = tall ? TWO_ROWS : ROW;
    const end = beside ? Math.min(MOST_END, Math.max(LEAST_END, tall ? longest + 1.5 : longest + VALUE + 1)) : END;
    this.list.className = beside ? `labels direct${tall ? "" : " rows"}` : "labels";
    this.list.style.width = beside ? `calc(${end - 1.2} * var(--unit))` : "";
    this.list.replaceChildren(...this.labels.map(({ element }) => element));
    if (beside) this.box.append(this.list);
    else this.mark.before(this.list);
    if (!this.lines.length) return;
    const { row } = this.lines[0];
    this.chart = new Chart(this.box, styles, axisOf(row), {
      theme,
      interaction,
      threshold: null,
      end,
      drawn: () => beside && this.chart?.placeLabels(this.labels.map(({ element }) => element), rows),
      pointed: (index) => {
        if (index === this.pointed) return;
        this.pointed = index;
        this.holdHead(index !== null);
        this.#writeValues();
      },
    });
  }

  /**
   * @param {number} from
   * @param {number} to
   * @returns {[number[], ...Column[]]} times, then a column for each line
   */
  #columns(from, to) {
    const [{ store, host, event }] = this.lines;
    if (this.lines.every((line) => line.host === host && line.event === event)) {
      const keys = this.lines.map((line) => columnOf(line));
      const series = store.series(host, event);
      this.bands = bandsOf(series, from, keys);
      return this.#held(series.since(from, keys), store, host, event);
    }
    const paces = this.lines.map((line) => line.store.cadence(line.host, line.event));
    const step = Math.max(Math.min(...paces, LONGEST_STEP), (to - from) / STEPS);
    const all = this.lines.map((line) => line.store.series(line.host, line.event));
    /** @type {(pick: (series: TimeSeries) => Columns) => [number[], ...Column[]]} */
    const read = (pick) => {
      const columns = this.lines.map((line, index) => {
        const [times, values] = all[index].since(from, [columnOf(line)], pick(all[index]));
        return { times, values: values ?? [], cadence: Math.max(all[index].span, Math.min(paces[index], LONGEST_HOLD)) };
      });
      return align(columns, from, to, step);
    };
    const [lows, highs] = [read(({ bands, columns }) => bands?.low ?? columns), read(({ bands, columns }) => bands?.high ?? columns)];
    this.bands = all.map(({ bands }, index) => bands && { low: lows[index + 1], high: highs[index + 1] });
    return read(({ columns }) => columns);
  }

  /**
   * Draws the newest figures of a published event up to now, as long as they hold: one that comes seldom is seen.
   * @param {[number[], ...Column[]]} shown
   * @param {Store} store
   * @param {string} host
   * @param {string} event
   * @returns {[number[], ...Column[]]}
   */
  #held([times, ...columns], store, host, event) {
    const { now, to } = /** @type {View} */ (this.view);
    const last = times.at(-1);
    if (!store.published.has(event) || last === undefined || last >= to || store.freshness(host, event, now) !== "fresh") return [times, ...columns];
    for (const band of this.bands) for (const ends of band ? [band.low, band.high] : []) ends.push(ends.at(-1) ?? null);
    return [[...times, to], ...columns.map((column) => [...column, column.at(-1) ?? null])];
  }

  #writeValues() {
    const now = this.view?.now ?? NaN;
    /** @type {{name: string | null, words: string}} */
    let gravest = { name: null, words: "" };
    this.lines.forEach((line, index) => {
      const { element, value: shown } = this.labels[index];
      const { store, host, event, field, row } = line;
      const freshness = store.freshness(host, event, now);
      const data = freshness === "gone" ? null : store.latest(host, event);
      const { value: newest, column } = figureOf(data ?? {}, field);
      const level = shownLevel(`${event}.${column}`, null, newest, rulesFor(line));
      if (level.name && (!gravest.name || level.name === "critical")) gravest = level;
      const value = this.pointed === null ? newest : (this.columns[index]?.[this.pointed] ?? null);
      mark(element, "data-freshness", freshness);
      const format = formatOf(row.unit, row.decimals);
      writeValue(shown, value, withPeak(this.bands[index] ?? null, this.pointed, text(format(value)), format));
    });
    this.setLevel(gravest);
  }
}
