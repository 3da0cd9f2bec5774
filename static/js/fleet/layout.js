// @ts-check
/** Sizes of tiles and cells that fit on a screen. Lengths are CSS pixels. */

/** Least size of a readable tile, in units of the type size, which grows with the distance. */
const TILE = { width: 9.2, height: 7 };

/** Width by height. */
const TILE_SHAPE = 1.5;
const CELL_SHAPE = 1.3;

/** Smallest cell that can be seen and touched. */
const LEAST_CELL = 8;
const LARGEST_CELL = 360;

/** Most stretch of a cell beyond its shape, so that the map fills the screen. */
const MOST_STRETCH = 1.25;

/** Height of a group's name, in units; the style sheet has it too. */
export const LABEL = 1.6;

/**
 * @param {number[]} groups number of machines in each
 * @param {number} columns
 * @returns {number} rows, each of one group
 */
export function rowsOf(groups, columns) {
  return groups.reduce((sum, count) => sum + Math.ceil(count / columns), 0);
}

/**
 * @param {number[]} groups number of machines in each
 * @param {number} width
 * @param {number} height
 * @param {number} [label] height of a group's name, 0 without groups
 * @returns {number} columns with the largest tiles
 */
export function columnsForTiles(groups, width, height, label = 0) {
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= Math.max(...groups); columns += 1) {
    const size = Math.min(width / columns / TILE_SHAPE, (height - groups.length * label) / rowsOf(groups, columns));
    if (size > largest + 0.01) [best, largest] = [columns, size];
  }
  return best;
}

/**
 * @param {number[]} groups number of machines in each
 * @param {number} width
 * @param {number} height
 * @param {number} unit
 * @param {number} [label] height of a group's name, 0 without groups
 * @returns {boolean} true if a readable tile for each fits
 */
export function tilesFit(groups, width, height, unit, label = 0) {
  const columns = Math.floor(width / (TILE.width * unit));
  const rows = Math.floor((height - groups.length * label) / (TILE.height * unit));
  return columns > 0 && rowsOf(groups, columns) <= rows;
}

/**
 * @param {number[]} groups number of machines in each
 * @param {number} width
 * @param {number} height
 * @param {number} label height of a group's name, 0 without groups
 * @returns {{columns: number, height: number}} of the largest cells that all fit
 */
export function cellsFor(groups, width, height, label) {
  for (let size = LARGEST_CELL; size > LEAST_CELL; size -= 1) {
    const columns = Math.floor(width / (size * CELL_SHAPE));
    if (columns === 0) continue;
    const rows = rowsOf(groups, columns);
    const room = height - groups.length * label;
    if (rows * size <= room) return { columns, height: Math.min(room / rows, size * MOST_STRETCH) };
  }
  return { columns: Math.max(1, Math.floor(width / (LEAST_CELL * CELL_SHAPE))), height: LEAST_CELL };
}
