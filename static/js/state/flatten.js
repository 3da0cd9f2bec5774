// @ts-check
/**
 * Flattens the numbers of an event into a row, named like the columns of /history:
 * `percent`, `cores.0`, `devices.sda.busy_percent`, `mounts./var.percent`.
 */

/** Fields that name the objects of a list; an object with none is left out. */
const IDENTITIES = ["mountpoint", "label", "name"];

/** A list of this name is a ranking, whose items come and go: there a `name` is none. */
const RANKING = /(^|\.)top$/;

/**
 * @param {Record<string, unknown>} data an event's data
 * @param {(key: string) => boolean} wanted
 * @returns {Map<string, number | null>}
 */
export function flatten(data, wanted) {
  /** @type {Map<string, number | null>} */
  const row = new Map();
  for (const [key, value] of Object.entries(data)) {
    if (key !== "time") collect(row, key, value, wanted);
  }
  return row;
}

/**
 * @param {Map<string, number | null>} row
 * @param {string} key
 * @param {unknown} value
 * @param {(key: string) => boolean} wanted
 */
function collect(row, key, value, wanted) {
  if (typeof value === "number" || value === null) {
    if (wanted(key)) row.set(key, value);
  } else if (Array.isArray(value)) {
    const identities = RANKING.test(key) ? IDENTITIES.slice(0, 2) : IDENTITIES;
    value.forEach((entry, position) => {
      const name = identity(entry, position, identities);
      if (name !== null) collect(row, `${key}.${name}`, entry, wanted);
    });
  } else if (typeof value === "object") {
    for (const [name, entry] of Object.entries(value)) collect(row, `${key}.${name}`, entry, wanted);
  }
}

/**
 * @param {unknown} entry
 * @param {number} position
 * @param {string[]} identities
 * @returns {string | null}
 */
function identity(entry, position, identities) {
  if (typeof entry !== "object" || entry === null) return String(position);
  const fields = /** @type {Record<string, unknown>} */ (entry);
  const found = identities.map((field) => fields[field]).find((name) => typeof name === "string");
  return /** @type {string | undefined} */ (found) ?? null;
}

/**
 * Reads a figure by its name; where the event has no such field, the highest of the items that have it counts:
 * `percent` of a filesystem event is that of its fullest mount.
 * @param {Record<string, unknown>} data an event's data
 * @param {string} field
 * @returns {{value: number | null, column: string}} column of /history in which it is
 */
export function figureOf(data, field) {
  const own = flatten(data, (key) => key === field);
  if (own.has(field)) return { value: own.get(field) ?? null, column: field };
  /** @type {{value: number | null, column: string}} */
  let highest = { value: null, column: field };
  const ending = `.${field}`;
  for (const [column, value] of flatten(data, (key) => key.endsWith(ending) && key.indexOf(".") < key.length - ending.length)) {
    if (value !== null && (highest.value === null || value > highest.value)) highest = { value, column };
  }
  return highest;
}
