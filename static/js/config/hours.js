// @ts-check
/** Daily hours in an address, such as 22-07 or 21:30-6:15. */

/** @typedef {{from: number, to: number}} Hours minutes since midnight; `to` may be the earlier one */

const DAY = 1440;

/**
 * @param {string} text
 * @returns {Hours | null} null if it is not valid
 */
export function readHours(text) {
  const [, from, fromMinute = "0", to, toMinute = "0"] = /^(\d\d?)(?::(\d\d))?-(\d\d?)(?::(\d\d))?$/.exec(text) ?? [];
  const span = { from: Number(from) * 60 + Number(fromMinute), to: Number(to) * 60 + Number(toMinute) };
  const valid = span.from < DAY && span.to <= DAY && Number(fromMinute) < 60 && Number(toMinute) < 60;
  return valid && span.from !== span.to % DAY ? { from: span.from, to: span.to % DAY } : null;
}

/**
 * @param {Hours} hours
 * @returns {string} shortest text that reads back
 */
export function writeHours({ from, to }) {
  const digits = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return [from, to].map((minutes) => digits(Math.floor(minutes / 60)) + (minutes % 60 ? `:${digits(minutes % 60)}` : "")).join("-");
}
