// @ts-check
/**
 * Addresses of the pages of many machines. Keys that the wall has too (theme, distance, kiosk, hours, …) are read
 * by config/page_url.js.
 */
import { HOSTS } from "../config/figure_name.js";
import { DEFAULTS, readAddress, writeAddress } from "../config/page_url.js";
import { covering } from "../config/scope.js";
import { FIGURES } from "./figures.js";
import { SORTS } from "./order.js";

/** @import { Display } from "../config/page_url.js" */
/** @import { Sort } from "./order.js" */
/**
 * @typedef {object} Asked
 * @property {Display} display
 * @property {Sort | null} sort null: by rank as tiles, by name on a map
 * @property {string | null} metric figure of the map; null: tiles if they fit, else a map of the worst figures
 * @property {string[]} hosts names or patterns; none: all
 * @property {string[]} problems
 */

/** Metric of a map that shows the worst figure of each machine. */
export const WORST = "worst";

/** Most names that the server accepts. */
const MOST_HOSTS = 100;

/** Keys of the wall without a meaning for many machines. */
const WALL_ONLY = ["panels", "tiles", "columns", "window", "marks", "background"];

/**
 * @param {string} search
 * @returns {Asked}
 */
export function readFleetAddress(search) {
  const rest = new URLSearchParams(search);
  /** @type {string[]} */
  const problems = [];
  /** @type {(key: string, read: (text: string) => string | null) => string | null} */
  const take = (key, read) => {
    const [text, ...more] = rest.getAll(key);
    rest.delete(key);
    if (more.length) problems.push(`${key} is given more than once`);
    if (text === undefined) return null;
    const wrong = read(text);
    if (wrong !== null) problems.push(`${key}="${text.slice(0, 40)}": ${wrong}`);
    return wrong === null ? text : null;
  };
  const oneOf = (/** @type {readonly string[]} */ allowed) => (/** @type {string} */ text) => (allowed.includes(text) ? null : `allowed are ${allowed.join(", ")}`);
  const sort = /** @type {Sort | null} */ (take("sort", oneOf(SORTS)));
  const metric = take("metric", oneOf([WORST, ...Object.keys(FIGURES)]));
  const hosts = take("host", wrongHosts);
  for (const key of WALL_ONLY) if (rest.has(key)) take(key, () => "this is for the page of one machine, /host/NAME");
  const { display, problems: others } = readAddress(rest.toString(), { tiles: [], panels: [] });
  return { display, sort, metric, hosts: hosts ? hosts.normalize().split(",") : [], problems: [...problems, ...others] };
}

/**
 * @param {string} text
 * @returns {string | null} problem, or null
 */
export function wrongHosts(text) {
  const hosts = text.split(",");
  if (hosts.length > MOST_HOSTS) return `${hosts.length} names; at most ${MOST_HOSTS}`;
  return hosts.every((host) => HOSTS.test(host)) ? null : "wanted are names of machines, separated by commas; * stands for any letters, as in web-*";
}

/**
 * @param {string[]} patterns `*` stands for any run of characters; none: all match
 * @returns {(host: string) => boolean}
 */
export function matcher(patterns) {
  return covering(patterns.length ? patterns : null);
}

/**
 * Writes the keys that concern the display and not its content.
 * @param {Display} display
 * @returns {string} query with its question mark, or empty
 */
export function displayQuery({ theme, distance, kiosk, dim, blank, wake, shift, screen, units }) {
  const query = writeAddress({ ...DEFAULTS, theme, distance, kiosk, dim, blank, wake, shift, screen, units });
  return query && `?${query}`;
}

/**
 * @param {Asked} asked
 * @param {{sort?: Sort | null, metric?: string | null}} other keys to replace
 * @returns {string} query of the page with them
 */
export function fleetQuery(asked, other) {
  const { sort, metric, hosts } = { ...asked, ...other };
  const pairs = [
    ["sort", sort],
    ["metric", metric],
    ["host", hosts.join()],
  ];
  const own = pairs.filter(([, text]) => text).map(([key, text]) => `${key}=${text}`);
  const query = [...own, displayQuery(asked.display).slice(1)].filter(Boolean).join("&");
  return query && `?${query}`;
}

/**
 * @param {Asked} asked
 * @param {string[]} hosts
 * @returns {string} query of a wall that compares them
 */
export function compareQuery({ display, metric }, hosts) {
  const figure = metric === null || metric === WORST ? "cpu.percent" : metric;
  return `?panels=${figure}${hosts.map((host) => `@${host}`).join("~")}&tiles=none${displayQuery(display).replace("?", "&")}`;
}
