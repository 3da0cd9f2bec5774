// @ts-check
/** Figures of one's own that the log has seen, with their newest values, for the editor to offer. */
import { writeFigure } from "../config/figure_name.js";
import { text } from "../ui/format.js";
import { formatOf } from "../ui/units.js";
import { loadCatalogue } from "./server_catalogue.js";

/** @import { FigureRow } from "../config/catalogue.js" */

/** Most rows: a longer list is not chosen from. */
const MOST = 100;

/**
 * @param {string} url of GET /catalogue
 * @returns {Promise<{names: [string, string][], more: number}>} names and titles; none if the server is away
 */
export async function loadOwnFigures(url) {
  try {
    const { figures, more = 0 } = await loadCatalogue(url);
    const own = figures.filter(({ source, name }) => source !== "built-in" && !name.includes("*"));
    return { names: own.slice(0, MOST).map((row) => [writeFigure(row.name), titleOf(row)]), more: Math.max(0, own.length - MOST) + more };
  } catch {
    return { names: [], more: 0 };
  }
}

/** @param {FigureRow} row */
function titleOf({ title, unit, decimals, value }) {
  return typeof value === "number" ? `${title}: ${text(formatOf(unit, decimals)(value))}` : title;
}
