// @ts-check
/**
 * Catalogue of figures, panels and tiles: the rows that the server hands to a page, and for a figure without a row
 * what its name tells.
 */
import { writeFigure } from "./figure_name.js";

/**
 * @typedef {object} FigureRow
 * @property {string} name EVENT.FIELD; `*` in it stands for an item
 * @property {string} title
 * @property {string} unit "%", "B", "B/s", "s", …, or any other text
 * @property {number | null} [min] lower end of its axis
 * @property {number | null} [max] upper end of its axis
 * @property {number | null} [decimals] null: by its values
 * @property {number | null} [every] seconds between two events, as declared
 * @property {string} [source] "built-in", "declared" or "seen"
 * @property {number | null} [value] newest one
 */
/** @typedef {{field: string, title: string, color: string, fill?: number, width?: number, downward?: boolean, dashed?: boolean, unit?: string | null}} LineRow */
/** @typedef {{title: string, field: string, unit?: string}} ColumnRow field "@key": the key of an object of objects */
/** @typedef {{rows: string, order?: string | null, columns: (ColumnRow | null)[], title?: string}} RowsRow items of a list, or of an object of objects; with a title one object, called so */
/**
 * @typedef {object} PanelRow
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {"chart" | "table" | "pairs" | "cores" | "jobs" | "alerts" | "events"} kind
 * @property {string} [says] description for screen readers
 * @property {string} [unit] of lines without their own
 * @property {string | null} [watch] field whose level the panel shows
 * @property {LineRow[]} [lines]
 * @property {string | null} [strip] a list field, drawn as a heat strip below
 * @property {LineRow[]} [stack] what lies on each other where there is room, from the lowest on
 * @property {string | null} [whole] field of which lines in another unit are drawn as shares
 * @property {string | null} [rows]
 * @property {string | null} [order] field of the items, the highest first
 * @property {string | null} [share] field that is drawn as a bar behind a row, percent
 * @property {{field: string, equals: unknown} | null} [mark] items to mark
 * @property {ColumnRow[]} [columns]
 * @property {RowsRow[]} [more] further rows below the same heads
 * @property {string | null} [summary] template of the text in the head
 * @property {[string, string] | null} [noun] for the number of rows, where there is no summary
 * @property {ColumnRow[]} [pairs]
 */
/**
 * @typedef {object} TileRow
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {string} field
 * @property {string} color
 * @property {string} [detail] template of the text below the number
 * @property {{rows: string, by: string, label: string} | null} [pick] the highest of items
 */
/** @typedef {{figures: FigureRow[], panels: PanelRow[], tiles: TileRow[]}} CatalogueRows */

const BUILT_IN = "built-in";

/** Units by the end of a name; the first that fits. @type {[RegExp, string][]} */
const UNITS = [
  [/(^|[_.])percent$/, "%"],
  [/(^|[_.])bytes_per_second$/, "B/s"],
  [/(^|[_.])per_second$/, "1/s"],
  [/(^|[_.])bytes$/, "B"],
  [/(^|[_.])seconds$/, "s"],
  [/(^|[_.])celsius$/, "°C"],
  [/(^|[_.])ms$/, "ms"],
];

export class Catalogue {
  /** @param {Partial<CatalogueRows>} rows */
  constructor({ figures = [], panels = [], tiles = [] }) {
    // In a page a row has no key that says nothing.
    const rows = figures.map((row) => ({ source: BUILT_IN, ...row, unit: row.unit ?? "" }));
    this.figures = new Map(rows.map((row) => [row.name, row]));
    this.panels = new Map(panels.map((row) => [row.name, row]));
    this.tiles = new Map(tiles.map((row) => [row.name, row]));
    const builtIn = rows.filter(({ source }) => source === BUILT_IN);
    /** Events of a machine's own sampling. */
    this.families = new Set(builtIn.map(({ name }) => name.split(".")[0]));
    /** Rows with an asterisk, and patterns of the names that they stand for. */
    this.items = rows.filter(({ name }) => name.includes("*")).map((row) => ({ row, pattern: asPattern(row.name), field: /\.\*\.([^.]+)$/.exec(row.name)?.[1] }));
  }

  /**
   * @param {string} event
   * @returns {number | null} least declared seconds between two of them
   */
  every(event) {
    const declared = [...this.figures.values()].filter(({ name, source, every }) => source === "declared" && every && name.startsWith(`${event}.`));
    return declared.length ? Math.min(...declared.map(({ every }) => every ?? Infinity)) : null;
  }

  /**
   * @param {string} event
   * @param {string} field path in the event; or a field of its items, of which the highest counts
   * @param {boolean} [own] true: it is known to be the event's own field
   * @returns {FigureRow}
   */
  figure(event, field, own = false) {
    const name = `${event}.${field}`;
    const row = this.figures.get(name);
    if (row) return row;
    for (const { row: item, pattern } of this.items) {
      const [, place] = pattern.exec(name) ?? [];
      if (place !== undefined) return { ...item, name, title: `${item.title} ${place}` };
    }
    const highest = !own && this.items.find((item) => item.field === field && item.row.name.startsWith(`${event}.`));
    return highest ? { ...highest.row, name } : guess(event, field);
  }

  /**
   * @param {readonly {event: string, field: string | null}[]} parts
   * @returns {string} title of a panel of them
   */
  title(parts) {
    const titles = [...new Set(parts.map(({ event, field }) => (field === null ? capital(words(event)) : this.figure(event, field).title)))];
    const events = new Set(parts.map(({ event }) => event));
    return titles.length > 1 && events.size === 1 ? capital(words(parts[0].event)) : titles.join(", ");
  }

  /**
   * @param {string} event
   * @param {string | null} field null: all
   * @returns {string | null} field to ask for, as a query has it, so that an event comes without the others; null: only the whole event is sure to have it
   */
  path(event, field) {
    if (field === null) return null;
    const name = `${event}.${field}`;
    if (this.figures.has(name) || this.items.some(({ pattern }) => pattern.test(name))) return writeFigure(name.split(".*")[0].split(".").slice(0, 2).join("."));
    const highest = this.items.find((item) => item.field === field && item.row.name.startsWith(`${event}.`));
    return highest ? highest.row.name.split(".*")[0] : null;
  }
}

/**
 * @param {ParentNode} page
 * @returns {Catalogue} rows that stand in the page
 */
export function readCatalogue(page) {
  return new Catalogue(JSON.parse(page.querySelector("#catalogue")?.textContent || "{}"));
}

/**
 * @param {string} event
 * @param {string} field
 * @returns {FigureRow} title, unit and ends by the name
 */
export function guess(event, field) {
  const unit = UNITS.find(([pattern]) => pattern.test(field))?.[1] ?? "";
  const title = `${words(event)} ${withoutUnit(field)}`.trim();
  const [min, max] = unit === "%" ? [0, 100] : [null, null];
  return { name: `${event}.${field}`, title: capital(title), unit, min, max, decimals: null, source: "seen" };
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * @param {string} field
 * @returns {string} words of its name, without those that say its unit
 */
export function withoutUnit(field) {
  return words(field.replace(UNITS.find(([pattern]) => pattern.test(field))?.[0] ?? "", ""));
}

/**
 * @param {string} name of an event or field
 * @returns {string} "oldest job" for oldest_job
 */
export function words(name) {
  return name.replaceAll(/[._]+/g, " ").trim();
}

/**
 * @param {string} name with asterisks
 * @returns {RegExp} with the item as its first group
 */
function asPattern(name) {
  const parts = name.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts[0]}(.+)${parts.slice(1).join(".+")}$`);
}
