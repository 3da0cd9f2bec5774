// @ts-check
/**
 * Formats figures, ages and times for people. A figure is a number and its unit, so that the unit can be set smaller;
 * a missing one is a dash.
 */

/** @typedef {{number: string, unit: string}} Figure */
/** @typedef {number | null | undefined} Maybe */

export const NONE = "—";

/** Keeps a number and its unit on one line. */
const SPACE = "\u00a0";

/**
 * @param {Maybe} value
 * @returns {value is number}
 */
export function known(value) {
  return typeof value === "number" && Number.isFinite(value);
}

/**
 * Rounds to two or three digits, which can be read in passing.
 * @param {number} value
 */
function short(value) {
  return value.toFixed(Math.abs(value) < 9.95 ? 1 : 0);
}

/**
 * @param {Maybe} value 0 to 100
 * @returns {Figure}
 */
export function percent(value) {
  return { number: known(value) ? short(value) : NONE, unit: "%" };
}

/**
 * Formats rates in powers of 1000, as disks and networks are sold.
 * @param {Maybe} value bytes per second
 * @returns {Figure}
 */
export function rate(value) {
  return scaled(value, 1000, ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"], "kB/s");
}

/**
 * Formats sizes in powers of 1024, like memory.
 * @param {Maybe} value bytes
 * @returns {Figure}
 */
export function size(value) {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], "GiB");
}

/**
 * @param {Maybe} value
 * @param {number} base
 * @param {string[]} units
 * @param {string} unknown unit beside the dash
 * @returns {Figure}
 */
export function scaled(value, base, units, unknown) {
  if (!known(value)) return { number: NONE, unit: unknown };
  let rest = value;
  let step = 0;
  // At most three digits, after rounding too.
  while (Math.abs(rest) >= 999.5 && step < units.length - 1) {
    rest /= base;
    step += 1;
  }
  return { number: step === 0 ? rest.toFixed(0) : short(rest), unit: units[step] };
}

/**
 * @param {Maybe} value a load average
 * @returns {Figure}
 */
export function load(value) {
  return { number: known(value) ? value.toFixed(Math.abs(value) < 99.95 ? 2 : 0) : NONE, unit: "" };
}

/**
 * @param {Maybe} value count
 * @returns {Figure}
 */
export function count(value) {
  return { number: known(value) ? value.toFixed(0) : NONE, unit: "" };
}

/**
 * @param {Maybe} value °C
 * @returns {Figure}
 */
export function celsius(value) {
  if (own.fahrenheit) return { number: known(value) ? (value * 1.8 + 32).toFixed(0) : NONE, unit: "°F" };
  return { number: known(value) ? value.toFixed(0) : NONE, unit: "°C" };
}

/**
 * @param {Figure} figure
 * @returns {string} on one line
 */
export function text({ number, unit }) {
  return unit && number !== NONE ? number + SPACE + unit : number;
}

/**
 * Formats a mark of an axis, which is round: 8 MB/s, not 8.0.
 * @param {Figure} figure
 * @returns {string}
 */
export function terse({ number, unit }) {
  return text({ number: number.replace(/\.0$/, ""), unit });
}

/**
 * Formats a long time in its two largest units.
 * @param {Maybe} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (!known(seconds)) return NONE;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return `${days}${SPACE}d ${hours % 24}${SPACE}h`;
  if (hours > 0) return `${hours}${SPACE}h ${minutes % 60}${SPACE}min`;
  return `${minutes}${SPACE}min`;
}

/**
 * @param {number} seconds
 * @returns {string} time in one unit, rounded
 */
export function span(seconds) {
  if (seconds < 100) return `${Math.round(seconds)}${SPACE}s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)}${SPACE}min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)}${SPACE}h` : `${Math.round(seconds / 86_400)}${SPACE}d`;
}

/**
 * @param {number} value count
 * @returns {string} 850, 12.5k, 3.2M
 */
export function amount(value) {
  return AMOUNT.format(value);
}

/**
 * Formats an age in one unit, never rounded up: an age of 4.9 s is not yet 5 s.
 * @param {number} seconds
 * @returns {string}
 */
export function age(seconds) {
  if (seconds < 3) return `${Math.max(0, Math.floor(seconds * 10) / 10).toFixed(1)}${SPACE}s`;
  if (seconds < 120) return `${Math.floor(seconds)}${SPACE}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}${SPACE}min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}${SPACE}h`;
  return `${Math.floor(seconds / 86_400)}${SPACE}d`;
}

/**
 * Formats an age in whole units, so that a text that is always shown does not flicker.
 * @param {number} seconds
 * @returns {string}
 */
export function wholeAge(seconds) {
  return seconds < 3 ? `${Math.max(0, Math.floor(seconds))}${SPACE}s` : age(seconds);
}

/** What an address chooses in place of 24 hours and degrees Celsius. */
const own = { hours12: false, fahrenheit: false };

/** Fixed locales: a wall looks alike whatever the language of the browser. */
let CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const AMOUNT = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
let MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
let MINUTES = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
/** The last time that a Date can be, seconds since 1970. */
const LAST = 8.64e12;
const MONTHS = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" });

/** @param {readonly string[]} units "12h" and "F", if they are chosen */
export function chooseUnits(units) {
  own.fahrenheit = units.includes("F");
  own.hours12 = units.includes("12h");
  if (!own.hours12) return;
  CLOCK = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", second: "2-digit" });
  MINUTES = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit" });
  MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", hour12: true });
}

/** @returns {number} width of a time of day, as a share of its usual one */
export function clockWidth() {
  return own.hours12 ? 1.4 : 1;
}

/**
 * @param {number} time seconds since 1970
 * @returns {string} HH:MM:SS in the display's time zone
 */
export function clock(time) {
  return isTime(time) ? CLOCK.format(time * 1000) : "--:--:--";
}

/**
 * Anybody may publish times that no calendar has, at which formatting fails.
 * @param {Maybe} time seconds since 1970
 * @returns {time is number}
 */
function isTime(time) {
  return known(time) && Math.abs(time) <= LAST;
}

/**
 * @param {Maybe} time seconds since 1970
 * @returns {string} date and time of day in the display's time zone
 */
export function moment(time) {
  return isTime(time) ? MOMENT.format(time * 1000) : NONE;
}

/**
 * @param {number} time seconds since 1970
 * @returns {string} HH:MM in the display's time zone
 */
export function minute(time) {
  return isTime(time) ? MINUTES.format(time * 1000) : NONE;
}

/**
 * @param {number} time seconds since 1970
 * @returns {string} day and month in the display's time zone: 20 Nov
 */
export function day(time) {
  return DAYS.format(time * 1000);
}

/**
 * @param {number} time seconds since 1970
 * @returns {string} month and year in the display's time zone: Nov 2026
 */
export function month(time) {
  return MONTHS.format(time * 1000);
}
