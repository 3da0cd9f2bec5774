// @ts-check
/** Moments and spans of time in an address, such as 2026-11-20T14:00 and 15m. */

/** Shortest and longest window, seconds. */
export const WINDOWS = { least: 30, most: 3 * 365 * 86_400 };

/** Shortest span to zoom into, seconds: between two samples a chart shows nothing. */
export const LEAST_ZOOM = 2;

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 7 * 86_400, y: 365 * 86_400 };

/**
 * @param {string} text
 * @returns {number} NaN if it is not valid
 */
export function readSeconds(text) {
  const [, number, unit] = /^(\d{1,8})([smhdwy]?)$/.exec(text) ?? [];
  return Number(number) * UNITS[/** @type {keyof typeof UNITS} */ (unit || "s")];
}

/**
 * @param {number} window seconds
 * @returns {string} 15m
 */
export function writeSeconds(window) {
  if (window % UNITS.y === 0) return `${window / UNITS.y}y`;
  if (window % UNITS.d === 0) return `${window / UNITS.d}d`;
  if (window % 3600 === 0) return `${window / 3600}h`;
  return window % 60 === 0 ? `${window / 60}m` : `${window}s`;
}

/**
 * @param {string} text date and time of day in the display's time zone, or seconds since 1970
 * @returns {number} seconds since 1970; NaN if it is not valid
 */
export function readMoment(text) {
  if (/^\d{9,11}(\.\d{1,3})?$/.test(text)) return Number(text);
  return /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?$/.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) / 1000 : NaN;
}

/**
 * @param {number} time seconds since 1970
 * @returns {string} that reads back: in local time, unless an hour is there twice
 */
export function writeMoment(time) {
  const date = new Date(time * 1000);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const text = `${day}T${[date.getHours(), date.getMinutes(), ...(date.getSeconds() ? [date.getSeconds()] : [])].map(two).join(":")}`;
  return readMoment(text) === time ? text : String(time);
}
