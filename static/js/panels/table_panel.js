// @ts-check
/** A list of things with a few figures each. Its rows are made once and filled again and again. */
import { make, mark, write } from "../ui/dom.js";
import { Panel } from "./panel.js";

/** @typedef {import("./panel.js").View} View */
/** @typedef {import("./panel.js").Data} Data */
/** @typedef {{cells: string[], share?: number | null}} Row share: 0 to 100, drawn as a bar behind the row */
/**
 * @typedef {object} TableSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {string[]} columns
 * @property {(data: Data) => string} summary a few words for the head
 * @property {(data: Data) => Row[]} rows those to be seen first come first
 */

/** A machine may have hundreds of mounts; nobody looks for the fortieth on a wall. */
const MOST_ROWS = 40;

export class TablePanel extends Panel {
  /** @param {TableSpec} spec */
  constructor(spec) {
    super({ event: spec.event, title: spec.title, className: "panel table", attributes: { "data-panel": spec.name } });
    this.spec = spec;
    this.summary = make("span", { class: "labels" });
    this.mark.before(this.summary);
    /** @type {{row: HTMLTableRowElement, cells: HTMLTableCellElement[]}[]} */
    this.rows = [];
    const names = spec.columns.map((column) => make("th", { scope: "col" }, column));
    this.list = make("tbody");
    this.body.append(make("table", { "data-columns": String(names.length) }, make("thead", {}, make("tr", {}, ...names)), this.list));
    // Half a row at the lower edge would be read as a fault.
    this.observer = new ResizeObserver(() => this.#fit());
    this.observer.observe(this.body);
  }

  /** @param {View} view */
  draw({ store, host }) {
    const data = store.latest(host, this.event);
    if (!data) return;
    const rows = this.spec.rows(data).slice(0, MOST_ROWS);
    write(this.summary, this.gone ? "—" : this.spec.summary(data));
    while (this.rows.length < rows.length) this.#addRow();
    this.rows.forEach(({ row, cells }, index) => {
      const shown = rows[index];
      mark(row, "hidden", shown ? null : "");
      if (!shown) return;
      cells.forEach((cell, column) => write(cell, this.gone && column > 0 ? "—" : shown.cells[column]));
      row.style.setProperty("--share", `${this.gone ? 0 : (shown.share ?? 0)}%`);
    });
    this.#fit();
  }

  destroy() {
    this.observer.disconnect();
  }

  #addRow() {
    const cells = this.spec.columns.map(() => make("td"));
    const row = make("tr", {}, ...cells);
    this.list.append(row);
    this.rows.push({ row, cells });
  }

  #fit() {
    const end = this.body.getBoundingClientRect().bottom + 1;
    const bounded = getComputedStyle(this.body).overflowY === "hidden";
    const bottoms = this.rows.map(({ row }) => row.getBoundingClientRect().bottom);
    this.rows.forEach(({ row }, index) => mark(row, "data-cut", bounded && bottoms[index] > end ? "" : null));
  }
}
