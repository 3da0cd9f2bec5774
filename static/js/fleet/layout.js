// @ts-check
/** How many machines fit on a screen, and how large each can be. Lengths are CSS pixels. */

/** What a tile needs to be read, in units of the type size, which is larger the farther away it is read from. */
const TILE = { width: 9.2, height: 7 };

/** A tile looks best a little wider than tall, and so does a cell. */
const TILE_SHAPE = 1.5;
const CELL_SHAPE = 1.3;

/** The smallest cell that an eye and a finger find. */
const LEAST_CELL = 8;
const LARGEST_CELL = 120;

/** By as much a cell may be taller than it should, so that the map fills the screen. */
const MOST_STRETCH = 1.25;

/**
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {number} columns in which tiles are largest
 */
export function columnsForTiles(count, width, height) {
  let best = 1;
  let largest = 0;
  for (let columns = 1; columns <= count; columns += 1) {
    const size = Math.min(width / columns / TILE_SHAPE, height / Math.ceil(count / columns));
    if (size > largest + 0.01) [best, largest] = [columns, size];
  }
  return best;
}

/**
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} unit
 * @returns {boolean} whether a tile for each can be read
 */
export function tilesFit(count, width, height, unit) {
  const columns = Math.floor(width / (TILE.width * unit));
  const rows = Math.floor(height / (TILE.height * unit));
  return columns * rows >= count;
}

/**
 * @param {number[]} groups how many machines there are in each
 * @param {number} width
 * @param {number} height
 * @param {number} label the height of a group's name, 0 where there are none
 * @returns {{columns: number, height: number}} of the largest cells with which all are on the screen
 */
export function cellsFor(groups, width, height, label) {
  for (let size = LARGEST_CELL; size > LEAST_CELL; size -= 1) {
    const columns = Math.floor(width / (size * CELL_SHAPE));
    if (columns === 0) continue;
    const rows = groups.reduce((sum, count) => sum + Math.ceil(count / columns), 0);
    const room = height - groups.length * label;
    if (rows * size <= room) return { columns, height: Math.min(room / rows, size * MOST_STRETCH) };
  }
  return { columns: Math.max(1, Math.floor(width / (LEAST_CELL * CELL_SHAPE))), height: LEAST_CELL };
}
