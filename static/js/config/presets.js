// @ts-check
/**
 * Tiles, panels and columns that can be read from a distance. Type sizes are in the style sheet
 * (`data-distance` on <html>).
 */

/** @typedef {"2m" | "4m" | "8m"} Distance */
/**
 * @typedef {object} Preset
 * @property {string[]} tiles
 * @property {string[]} panels
 * @property {number} columns
 * @property {number} series most lines in a chart
 */

/** Everything, for a desk. @type {Preset} */
export const DESK = {
  tiles: ["cpu", "memory", "filesystem", "received", "sent"],
  panels: ["cpu", "memory", "disk", "network", "load", "pressure", "processes"],
  columns: 3,
  series: Infinity,
};

/** @type {Record<Distance, Preset>} */
export const DISTANCES = {
  "2m": {
    tiles: ["cpu", "memory", "filesystem", "received"],
    panels: ["cpu", "memory", "network", "disk"],
    columns: 2,
    series: 3,
  },
  "4m": { tiles: ["cpu", "memory", "filesystem"], panels: ["cpu", "network"], columns: 2, series: 2 },
  "8m": { tiles: ["cpu", "memory"], panels: ["cpu"], columns: 1, series: 1 },
};

/**
 * @param {Distance | null} distance
 * @returns {Preset}
 */
export function presetFor(distance) {
  return distance === null ? DESK : DISTANCES[distance];
}

/**
 * @param {number} panels number of them
 * @returns {number} columns that make a wall of them and not a list
 */
export function columnsFor(panels) {
  if (panels <= 2) return Math.max(1, panels);
  return panels <= 4 ? 2 : 3;
}
