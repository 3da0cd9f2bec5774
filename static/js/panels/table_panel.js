// @ts-check
/** Panel with a table of things, such as processes or disks, with a few figures each. */
import { make, mark, write } from "../ui/dom.js";
import { clock } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { Panel } from "./panel.js";
import { WholeRows } from "./whole_rows.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { View } from "./panel.js" */
/** @typedef {{cells: string[], share?: number | null, marked?: boolean}} Row share: 0 to 100, drawn as a bar behind the row */
/**
 * @typedef {object} TableSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {{title: string, unit?: string}[]} columns the first are names; those with a unit are figures
 * @property {number} last column that is left out last, where there is too little room; -1 for none
 * @property {(data: Data) => string} summary text in the head
 * @property {(data: Data) => Row[]} rows most important ones first
 */

/** Widths, units: of figures by their unit, and of others; of names at least, and of other texts at least and at most. */
const WIDTHS = new Map([["%", 4.4], ["B", 4.9]]);
const WIDTH = 5.5;
const NAME = 5.5;
const TEXT = [4.2, 9];

/** Most rows; a machine may have hundreds of mounts. */
const MOST_ROWS = 40;

export class TablePanel extends Panel {
  /** @param {TableSpec} spec */
  constructor(spec) {
    super({ event: spec.event, title: spec.title, className: "panel table", attributes: { "data-panel": spec.name } });
    this.spec = spec;
    this.hasMoments = true;
    /** @type {number[]} */
    this.widths = [];
    /** Shown now. @type {View["moment"]} */
    this.moment = null;
    this.summary = make("span", { class: "labels" });
    const more = make("span", { class: "labels", "data-more": "" });
    this.mark.before(this.summary, more);
    const { columns } = spec;
    const isPairs = !columns.some(({ unit }) => unit);
    const kinds = columns.map(({ unit }, column) => (unit ? "figure" : column && !isPairs ? "text" : "name"));
    const heads = columns.map(({ title }, column) => make("th", { scope: "col", "data-kind": kinds[column] }, title));
    const list = make("tbody");
    this.table = make("table", { "data-columns": String(columns.length) }, make("thead", {}, make("tr", {}, ...heads)), list);
    this.body.append(this.table);
    /** @type {KeyedList<Row, void, {element: HTMLTableRowElement, cells: HTMLTableCellElement[]}>} */
    this.list = new KeyedList(list, {
      key: (_row, index) => String(index),
      make: () => {
        const cells = kinds.map((kind) => make("td", { "data-kind": kind }));
        this.#size(cells);
        return { element: make("tr", {}, ...cells), cells };
      },
      fill: ({ element, cells }, row) => {
        cells.forEach((cell, column) => write(cell, this.gone && column > 0 ? "—" : row.cells[column]));
        mark(element, "data-level", row.marked && !this.gone ? "critical" : null);
        element.style.setProperty("--share", `${this.gone ? 0 : (row.share ?? 0)}%`);
      },
    });
    this.whole = new WholeRows(this.body, list, more, 0, isPairs ? undefined : () => this.#fitColumns());
  }

  /** Leaves out columns for which there is no room. */
  #fitColumns() {
    const room = this.body.clientWidth / parseFloat(getComputedStyle(this.body).fontSize);
    if (room) this.widths = fit(this.spec.columns, this.spec.last, room); // else it is hidden
    for (const { cells } of this.table.rows) this.#size([...cells]);
  }

  /** @param {HTMLTableCellElement[]} cells of a row */
  #size(cells) {
    this.widths.forEach((width, column) => {
      cells[column].hidden = !width;
      if (column) cells[column].style.width = `calc(${width} * var(--unit))`;
    });
  }

  /** @param {View} view */
  refresh(view) {
    const isOther = view.moment !== this.moment;
    this.moment = view.moment;
    mark(this.element, "data-moment", view.moment ? "" : null);
    if (!view.moment) return super.refresh(view) || isOther;
    const { at, events, without } = view.moment;
    const data = events.get(this.event);
    this.setFreshness(data ? "fresh" : "missing");
    write(this.age, `at ${clock(data?.time ?? at)}`);
    write(this.notice, data ? "" : without);
    return isOther;
  }

  /** @param {View} view */
  draw({ store, host }) {
    const data = this.moment ? (this.moment.events.get(this.event) ?? null) : store.latest(host, this.event);
    if (!data) return;
    write(this.summary, this.gone ? "—" : this.spec.summary(data));
    const rows = this.spec.rows(data);
    const beyond = Math.max(0, rows.length - MOST_ROWS);
    const isOther = beyond !== this.whole.beyond;
    this.whole.beyond = beyond;
    this.list.show(rows.slice(0, MOST_ROWS));
    if (isOther) this.whole.fit();
  }

  destroy() {
    this.whole.destroy();
  }
}

/**
 * @param {TableSpec["columns"]} columns
 * @param {number} last
 * @param {number} room of all of them, units
 * @returns {number[]} widths, units, the first at least; 0: left out, those at the end first
 */
export function fit(columns, last, room) {
  const widths = columns.map(({ unit }, column) => (unit ? (WIDTHS.get(unit) ?? WIDTH) : column ? TEXT[0] : NAME));
  const spare = () => widths.reduce((rest, width) => rest - width, room);
  const fromEnd = [...widths.keys()].slice(1).reverse();
  for (const column of fromEnd.sort((a, b) => Number(a === last) - Number(b === last))) {
    if (spare() < 0) widths[column] = 0;
  }
  const text = Math.min(TEXT[0] + 0.4 * spare(), TEXT[1]);
  return widths.map((width, column) => (column && width && !columns[column].unit ? text : width));
}
