// @ts-check
/**
 * Reads and writes the query of a page as its configuration, so that a bookmark keeps a display as it is.
 * Problems are reported by key and value, and the default stays in force.
 */
import { HOST, readFigure, readParts } from "./figure_name.js";
import { readHours, writeHours } from "./hours.js";
import { DISTANCES } from "./presets.js";
import { LEAST_ZOOM, readMoment, readSeconds, WINDOWS, writeMoment, writeSeconds } from "./times.js";
import { flag, matching, one, quoted, whole, Wrong } from "./values.js";

export { writeSeconds };

/** @import { Hours } from "./hours.js" */
/** @import { Distance } from "./presets.js" */
/** @typedef {"dark" | "light" | "auto"} ThemeName */
/** @typedef {{name: string, across: number, down: number}} Place panel and the grid cells that it takes */
/**
 * @typedef {object} Display
 * @property {string[] | null} tiles null: preset of the distance
 * @property {Place[] | null} panels null: preset of the distance
 * @property {number | null} columns null: by the number of panels
 * @property {number} window seconds that the charts show
 * @property {number | null} at time at which charts end, seconds since 1970; null: now
 * @property {number | null} zoom seconds that they show then; null: the window
 * @property {"1d" | "7d" | null} compare with the same stretch so long before
 * @property {ThemeName} theme
 * @property {Distance | null} distance null: at a desk
 * @property {string[] | null} turns names of pages that are shown one after the other
 * @property {number} each seconds that each of them is shown
 * @property {string | null} host null: the machine of the server
 * @property {boolean} kiosk without tools
 * @property {Hours | null} dim hours in which the screen is darkened
 * @property {Hours | null} blank hours in which it is black
 * @property {boolean} wake keep the display from sleeping
 * @property {boolean} shift move everything by a few pixels every few minutes
 * @property {string | null} screen the name under which the display reports to the server
 * @property {string[]} units 12h and F, in place of 24 hours and degrees Celsius
 * @property {string[] | null} marks events that are marked in charts; null: all
 * @property {boolean} transparent no background of its own, for an embed
 */
/** @typedef {{tiles: string[], panels: string[], events?: readonly string[]}} Known all names of tiles and panels; events: those whose figures can be named, too, beside any EVENT.FIELD */
/** @typedef {{display: Display, problems: string[]}} Parsed */

/** Default window, seconds: long enough to see a development, short enough to see a spike of one second. */
const WINDOW = 300;

/** Seconds of a page that takes turns. */
const EACH = 30;
const LEAST_EACH = 5;

/** All panels, or tiles, of the catalogue. */
export const ALL = "all";

export const MOST_COLUMNS = 6;
export const MOST_DOWN = 4;
const THEMES = ["dark", "light", "auto"];

/** @type {Readonly<Display>} */
export const DEFAULTS = Object.freeze({
  tiles: null,
  panels: null,
  columns: null,
  window: WINDOW,
  at: null,
  zoom: null,
  compare: null,
  theme: "dark",
  distance: null,
  turns: null,
  each: EACH,
  host: null,
  kiosk: false,
  dim: null,
  blank: null,
  wake: false,
  shift: false,
  screen: null,
  units: [],
  marks: null,
  transparent: false,
});

/** @type {{[key: string]: (text: string, known: Known) => Partial<Display>}} */
const KEYS = {
  panels: (text, { panels, events }) => ({ panels: names(text, panels, (name) => events && readParts(name, events), (place) => place) }),
  tiles: (text, { tiles, events }) => ({ tiles: names(text, tiles, (name) => events && (readFigure(name, events)?.field ?? null), ({ name }) => name) }),
  columns: (text) => ({ columns: whole(text, 1, MOST_COLUMNS) }),
  window: (text) => ({ window: seconds(text, WINDOWS.least) }),
  at: (text) => ({ at: moment(text) }),
  zoom: (text) => ({ zoom: seconds(text, LEAST_ZOOM) }),
  compare: (text) => ({ compare: /** @type {"1d" | "7d"} */ (one(text, ["1d", "7d"])) }),
  theme: (text) => ({ theme: /** @type {ThemeName} */ (one(text, THEMES)) }),
  distance: (text) => ({ distance: /** @type {Distance} */ (one(text, Object.keys(DISTANCES))) }),
  turns: (text) => ({ turns: matching(text, /^[a-z0-9][a-z0-9_-]{0,39}(,[a-z0-9][a-z0-9_-]{0,39}){0,19}$/, "names of pages of the setting [pages], such as lobby,disks").split(",") }),
  each: (text) => ({ each: seconds(text, LEAST_EACH) }),
  host: (text) => ({ host: matching(text.normalize(), HOST, "a host's name") }),
  kiosk: (text) => ({ kiosk: flag(text) }),
  dim: (text) => ({ dim: hours(text) }),
  blank: (text) => ({ blank: hours(text) }),
  wake: (text) => ({ wake: flag(text) }),
  shift: (text) => ({ shift: flag(text) }),
  screen: (text) => ({
    screen: matching(text, /^[a-z0-9][a-z0-9_-]{0,39}$/, "a name of a-z, 0-9, _ and -, at most 40 characters"),
  }),
  units: (text) => ({ units: text.split(",").map((unit) => one(unit, ["12h", "F"])) }),
  marks: (text) => ({ marks: text === "none" ? [] : matching(text, /^[a-z][a-z0-9_.-]*(,[a-z][a-z0-9_.-]*)*$/, "names of events, or none").split(",") }),
  background: (text) => ({ transparent: one(text, ["solid", "transparent"]) === "transparent" }),
};

/** Keys that caches, mail programs and trackers append to links; as in dashboard/web/query.py. */
const APPENDED = /^(_|t|r|utm_[a-z_]{1,30}|_g[al]|[a-z]{0,3}clid|[gw]braid|mc_[ce]id)$/;

/**
 * @param {string} search of the address, with or without its question mark
 * @param {Known} known
 * @returns {Parsed} problems: one sentence for each key that was not understood and keeps its default
 */
export function readAddress(search, known) {
  const display = { ...DEFAULTS };
  const problems = [];
  const seen = new Set();
  for (const [key, text] of new URLSearchParams(search)) {
    const read = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (!read && APPENDED.test(key)) continue;
    if (!read) problems.push(`${quoted(key)} is not known here; there are ${Object.keys(KEYS).join(", ")}`);
    else if (seen.has(key)) problems.push(`${key} is given more than once`);
    else {
      try {
        Object.assign(display, read(text, known));
      } catch (error) {
        if (!(error instanceof Wrong)) throw error;
        problems.push(`${key}=${quoted(text)}: ${error.message}`);
      }
    }
    seen.add(key);
  }
  if (display.at !== null && display.kiosk) {
    problems.push("at: not with kiosk=1, which shows what is now");
    display.at = null;
  }
  // A kiosk shows one picture for months, which would burn in; shift=0 turns it off.
  if (display.kiosk && !seen.has("shift")) display.shift = true;
  return { display, problems };
}

/**
 * @param {Display} display
 * @returns {string} query that reads back as this display, without keys that have their default
 */
export function writeAddress(display) {
  const { panels, tiles, columns, window, at, zoom, compare, theme, distance, turns, each, host, kiosk, dim, blank, wake, shift, screen } = display;
  /** @type {[string, string | null][]} */
  const pairs = [
    ["panels", panels && (panels.map(writePlace).join() || "none")],
    ["tiles", tiles && (tiles.join() || "none")],
    ["columns", columns === null ? null : String(columns)],
    ["window", window === DEFAULTS.window ? null : writeSeconds(window)],
    ["at", at === null ? null : writeMoment(at)],
    ["zoom", at === null || zoom === null ? null : writeSeconds(zoom)],
    ["compare", compare],
    ["theme", theme === DEFAULTS.theme ? null : theme],
    ["distance", distance],
    ["turns", turns && turns.join()],
    ["each", each === DEFAULTS.each ? null : writeSeconds(each)],
    ["host", host],
    ["kiosk", kiosk ? "1" : null],
    ["dim", dim && writeHours(dim)],
    ["blank", blank && writeHours(blank)],
    ["wake", wake ? "1" : null],
    ["shift", shift === kiosk ? null : shift ? "1" : "0"],
    ["screen", screen],
    ["units", display.units.join() || null],
    ["marks", display.marks && (display.marks.join() || "none")],
    ["background", display.transparent ? "transparent" : null],
  ];
  const given = pairs.filter(([, text]) => text !== null);
  // Some signs may stand as they are, and a person can read them.
  return given.map(([key, text]) => `${key}=${encodeURIComponent(text ?? "").replaceAll(/%(2C|3A|40|2F)/g, decodeURIComponent)}`).join("&");
}

/**
 * @template T
 * @param {string} text comma-separated, or "all" or "none"
 * @param {string[]} known
 * @param {(name: string) => unknown} isFigure truthy for a name of figures; undefined: there are none
 * @param {(place: Place) => T} take
 * @returns {T[]}
 */
function names(text, known, isFigure, take) {
  const places = (text === "none" ? [] : text === ALL ? known : text.split(",")).map((item) => {
    const [, name, across, down] = /^([^:]*(?::[a-z][a-z-]+)?)(?::(\d)x(\d))?$/.exec(item) ?? [];
    if (name === undefined) throw new Wrong(`${quoted(item)} is not a name, or a name and a size such as cpu:2x1`);
    const found = known.includes(name) || isFigure(name);
    if (!found) throw new Wrong(`there is no ${quoted(name)}; there are ${known.join(", ")}${found === undefined ? "" : ", and figures such as queue.length"}`);
    return {
      name,
      across: across ? whole(across, 1, MOST_COLUMNS) : 1,
      down: down ? whole(down, 1, MOST_DOWN) : 1,
    };
  });
  const twice = places.find(({ name }, index) => places.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Wrong(`${twice.name} is there twice`);
  return places.map(take);
}

/** @param {Place} place */
function writePlace({ name, across, down }) {
  return across === 1 && down === 1 ? name : `${name}:${across}x${down}`;
}

/**
 * @param {string} text
 * @returns {Hours}
 */
function hours(text) {
  const read = readHours(text);
  if (!read) throw new Wrong("wanted are hours such as 22-07 or 21:30-6:15");
  return read;
}

/**
 * @param {string} text
 * @param {number} least
 */
function seconds(text, least) {
  const value = readSeconds(text);
  if (!(value >= least && value <= WINDOWS.most)) throw new Wrong(`wanted is a time such as 300s, 15m, 6h or 30d, from ${least}s to 3y`);
  return value;
}

/** @param {string} text */
function moment(text) {
  const value = readMoment(text);
  if (Number.isNaN(value)) throw new Wrong("wanted is a time such as 2026-11-20T14:00, in this display's time zone, or seconds since 1970");
  return value;
}
