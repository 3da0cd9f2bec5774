// @ts-check
/**
 * Draft of an address: the text of each key, valid or not. Each key is read by itself, so that a problem belongs
 * to its field and the other keys still count. Pure.
 */
import { DEFAULTS, readAddress, writeAddress } from "../config/page_url.js";

/** @import { Display, Known } from "../config/page_url.js" */
/** @typedef {Record<string, string>} Draft by key; an empty or missing one stands for its default */
/**
 * @typedef {object} Reading
 * @property {Display} display of the valid keys
 * @property {Map<string, string>} problems by key
 * @property {string} query of the valid keys
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
 * @returns {string} query of a preview: without reports, wake lock and hours of the night
 */
export function previewQuery(display) {
  const { screen, wake, dim, blank } = DEFAULTS;
  return writeAddress({ ...display, screen, wake, dim, blank, shift: display.kiosk });
}
