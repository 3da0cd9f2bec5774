// @ts-check
/** Keeps JSON in the browser: for a tab over reloads, or for a display. A browser may refuse. */

const PREFIX = "vitals ";

/** @typedef {"sessionStorage" | "localStorage"} Place for the tab; for all tabs, over restarts */

/**
 * @param {string} name
 * @param {unknown} value as JSON can hold it; null forgets
 * @param {Place} [place]
 * @returns {boolean} false if the browser refused
 */
export function keep(name, value, place = "sessionStorage") {
  try {
    globalThis[place].setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @param {Place} [place]
 * @returns {any} null for a name that is not kept
 */
export function recall(name, place = "sessionStorage") {
  try {
    return JSON.parse(globalThis[place].getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}
