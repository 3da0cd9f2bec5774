// @ts-check
/** Dialog with the values of a chart as a table, the newest first. */
import { make } from "../ui/dom.js";
import { clock, day, text } from "../ui/format.js";
import { Dialog } from "./dialog.js";

/** @import { Table } from "../panels/panel.js" */

/** Most rows. */
const MOST = 300;

/**
 * @param {import("./dialog.js").Wall} wall
 * @param {number} place of the panel
 */
export function create({ grid }, place) {
  const panel = grid.panels[place];
  const dialog = new Dialog(`${panel.title.textContent}: values`, "values");
  return {
    open() {
      const { names, times, columns, formats } = /** @type {{table: () => Table}} */ (/** @type {unknown} */ (panel)).table();
      const head = make("tr", {}, ...["Time", ...names].map((name) => make("th", { scope: "col" }, name)));
      const { from = 0, to = Infinity } = grid.view ?? {};
      const rows = [...times.keys()].filter((row) => times[row] >= from && times[row] <= to && columns.some((column) => column[row] !== null));
      const cells = (/** @type {number} */ row) => columns.map((column, line) => make("td", {}, text(formats[line](column[row]))));
      const list = rows.slice(-MOST).reverse().map((row) => make("tr", {}, make("th", { scope: "row" }, `${day(times[row])} ${clock(times[row])}`), ...cells(row)));
      dialog.body.replaceChildren(
        make("table", {}, make("thead", {}, head), make("tbody", {}, ...list)),
        make("p", { class: "hint" }, rows.length > MOST ? `The last ${MOST} of ${rows.length} rows; the download has all.` : ""),
      );
      dialog.open();
    },
  };
}
