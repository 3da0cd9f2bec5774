// @ts-check
/** Daily hours in which a display is dimmed or black. They may span midnight. */

/** @import { Hours } from "../config/hours.js" */
/** @typedef {"dim" | "blank"} Dark */

/**
 * @param {Hours} hours `from` included, `to` excluded
 * @param {number} minute since midnight
 * @returns {boolean}
 */
export function within({ from, to }, minute) {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/**
 * @param {{dim: Hours | null, blank: Hours | null}} hours
 * @param {number} minute since midnight
 * @returns {Dark | null} blank if both apply
 */
export function darkAt({ dim, blank }, minute) {
  if (blank && within(blank, minute)) return "blank";
  return dim && within(dim, minute) ? "dim" : null;
}

/**
 * @param {number} time seconds since 1970
 * @returns {number} minutes since midnight in the display's time zone
 */
export function minuteOfDay(time) {
  const moment = new Date(time * 1000);
  return moment.getHours() * 60 + moment.getMinutes();
}
