// @ts-check
/**
 * Fills templates of texts with the fields of an event: `{path:unit}` is a field, and `{path}` one as it is. `[A|B]` is A,
 * or B, which may be missing, where the first field in A is null, false, 0 or missing. The unit `flag` writes nothing.
 */
import { NONE, text } from "../ui/format.js";
import { formatOf } from "../ui/units.js";

/** @typedef {Record<string, unknown>} Item */

const SEGMENT = /\[([^[\]|]*)(?:\|([^[\]|]*))?\]/g;
const FIELD = /\{([^{}:]+)(?::([^{}]*))?\}/g;

/** A text that is written from right to left, which is isolated: else it takes the numbers beside it along. */
const RIGHT_TO_LEFT = /.*[\u0590-\u08ff].*/;

/**
 * @param {string} template
 * @param {Item} data
 * @returns {string}
 */
export function fillTemplate(template, data) {
  const chosen = template.replaceAll(SEGMENT, (_, first, other = "") => {
    const path = /\{([^{}:]+)/.exec(first)?.[1];
    return path === undefined || at(data, path) ? first : other;
  });
  const fill = (/** @type {string} */ path, unit = "") => (unit === "flag" ? "" : written(at(data, path), unit));
  return chosen.replaceAll(FIELD, (_, path, unit) => fill(path, unit).replace(RIGHT_TO_LEFT, "\u2068$&\u2069"));
}

/**
 * @param {unknown} value
 * @param {string} unit of a number
 * @returns {string} text as it is, numbers by their unit, a dash for anything else
 */
export function written(value, unit) {
  if (typeof value === "number") return text(formatOf(unit)(value));
  return typeof value === "string" && value !== "" ? value : NONE;
}

/**
 * @param {unknown} data
 * @param {string} path keys, separated by dots
 * @returns {unknown} undefined where there is none
 */
export function at(data, path) {
  let value = data;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = /** @type {Item} */ (value)[key];
  }
  return value;
}

/**
 * @param {unknown} found a list of objects, or an object of objects
 * @returns {Item[]} each object; those of an object have their key as "@key"
 */
export function itemsOf(found) {
  const isItem = (/** @type {unknown} */ item) => typeof item === "object" && item !== null;
  if (Array.isArray(found)) return /** @type {Item[]} */ (found.filter(isItem));
  if (typeof found !== "object" || found === null) return [];
  return Object.entries(found).flatMap(([key, item]) => (isItem(item) ? [{ ...item, "@key": key }] : []));
}
