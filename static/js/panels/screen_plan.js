// @ts-check
/**
 * Decides what a screen that never scrolls shows, and how large. Pure; all lengths are in rem, which the style sheet
 * derives from the window and the viewing distance.
 *
 * What does not fit is left out in this order: details below the tiles' numbers, legends and strips, sparklines, panels from the
 * last one on, then tiles from the last one on. The header leaves out its facts by itself (screen_fit.js).
 */

/** @import { Distance } from "../config/presets.js" */
/**
 * @typedef {object} Room
 * @property {number} width of the window
 * @property {number} height of the window
 * @property {number} above height that the header, notes and alerts take
 * @property {Distance | null} distance
 * @property {number} tiles
 * @property {readonly {across: number, down: number}[]} panels
 * @property {number} columns of panels that are wanted
 */
/**
 * @typedef {object} ScreenPlan
 * @property {number} digits type size of the tiles' numbers
 * @property {number} tiles shown, from the first
 * @property {number} tileColumns
 * @property {number} panels shown, from the first
 * @property {number} columns of panels
 * @property {boolean} details
 * @property {boolean} legends
 * @property {boolean} sparklines
 */

/** Margin of the screen, and distance between its parts. */
export const GAP = 0.75;

/** Type size of a number as shares of the window's height and width, which its distance asks for. */
const DIGITS = { "2m": [0.1, 0.14], "4m": [0.175, 0.24], "8m": [0.3, 0.4] };
const DESK_DIGITS = 4.75;

/** Type size by the inner width of a tile: four digits and MB/s, or 100 % beside its mark. */
const DIGITS_BY_WIDTH = 0.34;
const TILE_PADDING = 2;

/** Heights of a tile's parts. */
const TILE = { frame: 2.7, line: 1.12, detail: 1.5, sparkline: 3.4 };

/** Least size of a panel, the height of a legend in its head, and its best width by height. */
const PANEL = { width: 19, height: 9.5, legend: 1.5, shape: 1.9 };

/** Height of the line that says what does not fit. */
export const OMITTED = 1.9;

/** Shares of the digits that the distance asks for: with less, tiles stand in more rows; with least, one is left out. */
const NEARLY = 0.8;
const LEAST = 0.35;

/** What is shown beside numbers and panels, from everything to nothing. */
const EXTRAS = [
  { details: true, legends: true, sparklines: true },
  { details: false, legends: true, sparklines: true },
  { details: false, legends: false, sparklines: true },
  { details: false, legends: false, sparklines: false },
];

/**
 * @param {Room} room
 * @returns {ScreenPlan}
 */
export function screenPlan(room) {
  const { width, height, above, distance } = room;
  const left = height - above - GAP;
  const wanted = distance === null ? DESK_DIGITS : Math.min(height * DIGITS[distance][0], width * DIGITS[distance][1]);
  /** @type {ScreenPlan | null} */
  let best = null;
  for (const extras of EXTRAS) {
    const sparklines = extras.sparklines && (distance === null || distance === "2m");
    const tall = tileHeight({ ...extras, sparklines });
    let tiles = tilesFor(room, wanted, left, tall);
    const { columns, shown } = panelsFor(room, left - tiles.height, extras.legends);
    const isWhole = tiles.count === room.tiles && shown === room.panels.length;
    // What is left out is said, if only numbers are shown, too.
    if (!isWhole && left - tiles.height < OMITTED) tiles = tilesFor(room, wanted, left - OMITTED, tall);
    const plan = { digits: tiles.digits, tiles: tiles.count, tileColumns: tiles.columns, panels: shown, columns, details: extras.details, legends: extras.legends, sparklines };
    if (best === null || plan.tiles > best.tiles || (plan.tiles === best.tiles && (plan.panels > best.panels || (plan.panels === best.panels && plan.digits > best.digits * 1.05)))) best = plan;
  }
  return /** @type {ScreenPlan} */ (best);
}

/**
 * @param {{details: boolean, sparklines: boolean}} extras
 * @returns {(digits: number) => number} height of a tile by its type size
 */
function tileHeight({ details, sparklines }) {
  const others = TILE.frame + (details ? TILE.detail : 0) + (sparklines ? TILE.sparkline : 0);
  return (digits) => digits * TILE.line + others;
}

/**
 * Chooses the fewest rows in which the numbers are nearly as large as they should be; else the largest numbers that
 * fit. Drops tiles from the end while none do.
 * @param {Room} room
 * @param {number} wanted type size
 * @param {number} left height
 * @param {(digits: number) => number} tall
 * @returns {{count: number, columns: number, digits: number, height: number}}
 */
function tilesFor({ width, tiles }, wanted, left, tall) {
  for (let count = tiles; count > 0; count -= 1) {
    const ways = [];
    for (let rows = 1; rows <= count; rows += 1) {
      const columns = Math.ceil(count / rows);
      const inner = (width - GAP - columns * GAP) / columns - TILE_PADDING;
      const digits = Math.min(wanted, inner * DIGITS_BY_WIDTH, (left / rows - GAP - tall(0)) / TILE.line);
      if (digits >= wanted * LEAST) ways.push({ count, columns, digits, height: rows * (tall(digits) + GAP) });
    }
    const good = ways.find(({ digits }) => digits >= wanted * NEARLY);
    if (good) return good;
    if (ways.length) return ways.reduce((most, way) => (way.digits > most.digits ? way : most));
  }
  // Not even one: as large as the height lets it be.
  if (tiles === 0) return { count: 0, columns: 1, digits: wanted, height: 0 };
  const digits = Math.max(1, Math.min(wanted, (left - GAP - tall(0)) / TILE.line, (width - 2 * GAP - TILE_PADDING) * DIGITS_BY_WIDTH));
  return { count: 1, columns: 1, digits, height: left };
}

/**
 * Chooses the columns, up to those that are wanted, in which most panels fit; of these the ones whose panels are
 * nearest to a good shape.
 * @param {Room} room
 * @param {number} left height
 * @param {boolean} legends
 * @returns {{columns: number, shown: number}} shown from the first panel
 */
function panelsFor({ width, panels, columns: wanted }, left, legends) {
  const least = PANEL.height - (legends ? 0 : PANEL.legend) + GAP;
  const most = Math.max(1, Math.min(wanted, Math.floor((width - GAP) / (PANEL.width + GAP))));
  let best = { columns: most, shown: 0, off: Infinity };
  for (let columns = 1; columns <= most; columns += 1) {
    let shown = fitting(panels, columns, Math.floor(left / least));
    if (shown < panels.length) shown = fitting(panels, columns, Math.floor((left - OMITTED) / least));
    const rows = Math.max(1, Math.ceil(cellsOf(panels.slice(0, shown), columns) / columns));
    const shape = (width - GAP) / columns / (left / rows);
    const off = Math.abs(Math.log(shape / PANEL.shape));
    if (shown > best.shown || (shown === best.shown && off < best.off)) best = { columns, shown, off };
  }
  return best;
}

/**
 * @param {Room["panels"]} panels
 * @param {number} columns
 * @param {number} rows
 * @returns {number} how many panels, from the first, fit
 */
function fitting(panels, columns, rows) {
  const over = panels.findIndex((_, index) => cellsOf(panels.slice(0, index + 1), columns) > rows * columns);
  return over === -1 ? panels.length : over;
}

/**
 * @param {Room["panels"]} panels
 * @param {number} columns
 * @returns {number}
 */
function cellsOf(panels, columns) {
  return panels.reduce((sum, { across, down }) => sum + Math.min(across, columns) * down, 0);
}

/**
 * @param {number} count of parts in a grid, one cell each
 * @param {number} columns
 * @returns {number} columns that the last one takes, so that no cell is empty
 */
export function lastSpan(count, columns) {
  return count === 0 ? 1 : 1 + ((columns - (count % columns)) % columns);
}
