// @ts-check
/**
 * How much can be read from how far. Type sizes follow in the style sheet (`data-distance` on <html>);
 * here is how many things there are to look at.
 */

/** @typedef {"2m" | "4m" | "8m"} Distance */
/**
 * @typedef {object} Preset
 * @property {string[]} tiles
 * @property {string[]} panels
 * @property {number} columns
 * @property {number} series at most so many lines in a chart
 */

/** At a desk: everything. @type {Preset} */
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
 * @param {number} panels how many there are
 * @returns {number} columns in which they look like a wall and not like a list
 */
export function columnsFor(panels) {
  if (panels <= 2) return Math.max(1, panels);
  return panels <= 4 ? 2 : 3;
}
