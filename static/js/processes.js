// @ts-check
/** The busiest processes. Its rows are made once and filled again and again. */
import { make, mark, write } from "./dom.js";
import { percent, size, text } from "./format.js";
import { figure, Panel } from "./panel.js";

/** @typedef {import("./panel.js").View} View */
/**
 * @typedef {object} Process
 * @property {string} name
 * @property {string | null} user
 * @property {number | null} cpu_percent of one core
 * @property {number | null} memory_bytes
 */

const ROWS = 10;
const COLUMNS = ["Name", "User", "CPU", "Memory"];

export class ProcessPanel extends Panel {
  constructor() {
    const attributes = { "data-panel": "processes" };
    super({ event: "processes", title: "Processes", className: "panel table", attributes });
    this.count = make("span", { class: "labels" });
    this.age.before(this.count);
    this.rows = Array.from({ length: ROWS }, () => {
      const cells = COLUMNS.map(() => make("td"));
      return { row: make("tr", { hidden: "" }, ...cells), cells };
    });
    const names = COLUMNS.map((name) => make("th", { scope: "col" }, name));
    this.body.append(
      make("table", {}, make("thead", {}, make("tr", {}, ...names)), make("tbody", {}, ...this.rows.map(({ row }) => row))),
    );
  }

  /** @param {View} view */
  draw({ store, host }) {
    const data = store.latest(host, this.event);
    if (!data) return;
    const top = Array.isArray(data.top) ? /** @type {Process[]} */ (data.top) : [];
    write(this.count, `${figure(data, "count") ?? "—"} in all, ${figure(data, "running") ?? "—"} running`);
    this.rows.forEach(({ row, cells }, index) => {
      const process = top[index];
      mark(row, "hidden", process ? null : "");
      if (!process) return;
      const { name, user, cpu_percent, memory_bytes } = process;
      const content = [name, user ?? "—", text(percent(cpu_percent)), text(size(memory_bytes))];
      content.forEach((words, column) => write(cells[column], words));
    });
  }
}
