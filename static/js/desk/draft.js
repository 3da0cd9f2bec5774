// @ts-check
/**
 * An address in the making: the text of each of its keys, right or wrong. Pure.
 *
 * Each key is read by itself, so that what is wrong is known by its field, and the rest still counts.
 */
import { DEFAULTS, readAddress, writeAddress } from "../config/page_url.js";

/** @typedef {import("../config/page_url.js").Display} Display */
/** @typedef {import("../config/page_url.js").Known} Known */
/** @typedef {Record<string, string>} Draft by key; a key that is empty or not there stands for its default */
/**
 * @typedef {object} Reading
 * @property {Display} display what is right, and defaults for the rest
 * @property {Map<string, string>} problems by key
 * @property {string} query the address, without what is wrong
 */

/**
 * @param {Readonly<Display>} display
 * @returns {Draft}
 */
export function draftOf(display) {
  return Object.fromEntries(new URLSearchParams(writeAddress(display)));
}

/**
 * @param {Draft} one
 * @param {Draft} other
 */
export function isSame(one, other) {
  return Object.keys({ ...one, ...other }).every((key) => (one[key] ?? "") === (other[key] ?? ""));
}

/**
 * @param {Draft} draft
 * @param {Known} known
 * @returns {Reading}
 */
export function readDraft(draft, known) {
  const right = new URLSearchParams();
  const problems = new Map();
  for (const [key, typed] of Object.entries(draft)) {
    const text = typed.trim();
    if (!text) continue;
    const [problem] = readAddress(new URLSearchParams([[key, text]]).toString(), known).problems;
    if (problem) problems.set(key, problem);
    else right.set(key, text);
  }
  const { display } = readAddress(right.toString(), known);
  return { display, problems, query: writeAddress(display) };
}

/**
 * @param {Display} display
 * @returns {string} the query for a preview, which is no display: it reports nothing, keeps nothing
 *   awake, and shows what a display shows by day
 */
export function previewQuery(display) {
  const { screen, wake, dim, blank } = DEFAULTS;
  return writeAddress({ ...display, screen, wake, dim, blank, shift: display.kiosk });
}
