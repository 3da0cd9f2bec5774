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
 * @property {string[]} columns
 * @property {(data: Data) => string} summary text in the head
 * @property {(data: Data) => Row[]} rows most important ones first
 */

/** Most rows; a machine may have hundreds of mounts. */
const MOST_ROWS = 40;

export class TablePanel extends Panel {
  /** @param {TableSpec} spec */
  constructor(spec) {
    super({ event: spec.event, title: spec.title, className: "panel table", attributes: { "data-panel": spec.name } });
    this.spec = spec;
    this.hasMoments = true;
    /** Shown now. @type {View["moment"]} */
    this.moment = null;
    this.summary = make("span", { class: "labels" });
    const more = make("span", { class: "labels", "data-more": "" });
    this.mark.before(this.summary, more);
    const names = spec.columns.map((column) => make("th", { scope: "col" }, column));
    const list = make("tbody");
    this.body.append(make("table", { "data-columns": String(names.length) }, make("thead", {}, make("tr", {}, ...names)), list));
    /** @type {KeyedList<Row, void, {element: HTMLTableRowElement, cells: HTMLTableCellElement[]}>} */
    this.list = new KeyedList(list, {
      key: (_row, index) => String(index),
      make: () => {
        const cells = spec.columns.map(() => make("td"));
        return { element: make("tr", {}, ...cells), cells };
      },
      fill: ({ element, cells }, row) => {
        cells.forEach((cell, column) => write(cell, this.gone && column > 0 ? "—" : row.cells[column]));
        mark(element, "data-level", row.marked && !this.gone ? "critical" : null);
        element.style.setProperty("--share", `${this.gone ? 0 : (row.share ?? 0)}%`);
      },
    });
    this.whole = new WholeRows(this.body, list, more, 0);
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
