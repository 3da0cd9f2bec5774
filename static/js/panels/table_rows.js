// @ts-check
/** Rows, heads and summaries of tables from their rows in the catalogue. */
import { at, fillTemplate, itemsOf, written } from "./template.js";

/** @import { PanelRow, RowsRow } from "../config/catalogue.js" */
/** @import { Row, TableSpec } from "./table_panel.js" */
/** @import { Item } from "./template.js" */

/**
 * @param {PanelRow} row of kind "table" or "pairs"
 * @returns {TableSpec}
 */
export function tableSpec(row) {
  const { name, event, title, rows, order, columns = [], more = [], share, mark, summary, noun, pairs } = row;
  if (pairs) {
    const read = (/** @type {Item} */ data) => pairs.map(({ title: head, field, unit }) => ({ cells: [head, written(at(data, field), unit ?? "")] }));
    return { name, event, title, columns: [{ title: "" }, { title: "" }], last: -1, summary: () => "", rows: read };
  }
  const first = { rows: rows ?? "", order, columns };
  return {
    name,
    event,
    title,
    columns: columns.map((column) => ({ title: column.title, unit: column.unit === "text" ? "" : column.unit })),
    last: columns.findIndex(({ field }) => field === order),
    summary: (data) => {
      const count = itemsOf(at(data, first.rows)).length;
      return summary ? fillTemplate(summary, data) : noun ? `${count} ${noun[count === 1 ? 0 : 1]}` : "";
    },
    rows: (data) => [first, ...more].flatMap((part) => readRows(part, data, columns.length, share ?? null, mark ?? null)),
  };
}

/**
 * @param {RowsRow} part
 * @param {Item} data of an event
 * @param {number} width cells of a row
 * @param {string | null} share
 * @param {PanelRow["mark"]} mark
 * @returns {Row[]}
 */
function readRows({ rows, order, columns, title }, data, width, share, mark) {
  const found = at(data, rows);
  const items = itemsOf(title ? { [title]: found } : found);
  if (order) items.sort((a, b) => number(b[order], -1) - number(a[order], -1));
  return items.map((item) => ({
    cells: Array.from({ length: width }, (_, index) => (columns[index] ? written(at(item, columns[index].field), columns[index].unit ?? "") : "")),
    share: share ? number(item[share], 0) : null,
    marked: Boolean(mark) && item[mark?.field ?? ""] === mark?.equals,
  }));
}

/**
 * @param {unknown} value
 * @param {number} otherwise
 */
function number(value, otherwise) {
  return typeof value === "number" ? value : otherwise;
}
