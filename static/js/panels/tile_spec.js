// @ts-check
/** Specifications of tiles from their rows in the catalogue, and of a tile for any figure. */
import { figureOf } from "../state/flatten.js";
import { formatOf } from "../ui/units.js";
import { topOf } from "./axes.js";
import { at, fillTemplate, itemsOf } from "./template.js";

/** @import { Catalogue, TileRow } from "../config/catalogue.js" */
/** @import { Item } from "./template.js" */
/** @import { TileSpec } from "./tile.js" */

/**
 * @param {TileRow} row
 * @param {Catalogue} catalogue
 * @returns {TileSpec}
 */
export function tileSpec({ name, event, title, field, color, detail = "", pick = null }, catalogue) {
  const figure = catalogue.figure(event, field);
  return {
    name,
    event,
    title,
    color,
    value: `${event}.${field}`,
    columns: pick ? new RegExp(`^${escaped(pick.rows)}\\..*\\.${escaped(pick.by)}$`) : new RegExp(`(^|\\.)${escaped(field)}$`),
    format: formatOf(figure.unit, figure.decimals),
    top: topOf(figure),
    read: (data) => {
      const { value, column } = figureOf(data, field);
      const item = pick ? highest(itemsOf(at(data, pick.rows)), pick.by) : null;
      return { value, column, item, detail: fillTemplate(detail, pick ? (item ?? {}) : data) };
    },
  };
}

/**
 * @param {Item[]} items
 * @param {string} field
 * @returns {Item | null} first one with the highest figure
 */
function highest(items, field) {
  let found = null;
  for (const item of items) {
    const value = item[field];
    if (typeof value === "number" && (!found || value > Number(found[field]))) found = item;
  }
  return found;
}

/** @param {string} text */
export function escaped(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
