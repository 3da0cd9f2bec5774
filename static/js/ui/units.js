// @ts-check
/** Formats by unit, as the catalogue names it. */
import { amount, celsius, count, duration, known, moment, NONE, percent, rate, scaled, size } from "./format.js";

/** @import { Figure, Maybe } from "./format.js" */

/**
 * Formats a figure of any kind: integers as they are, others with four digits, millions and more shortened.
 * @param {Maybe} value
 * @returns {Figure}
 */
export function plain(value) {
  if (!known(value)) return { number: NONE, unit: "" };
  if (Math.abs(value) >= 1e6) return { number: Math.abs(value) < 1e15 ? amount(value) : value.toExponential(2), unit: "" };
  return { number: String(Number.isInteger(value) ? value : Number(value.toPrecision(4))), unit: "" };
}

/** Formats by unit. @type {Record<string, (value: Maybe) => Figure>} */
const FORMATS = {
  "%": percent,
  B: size,
  "B/s": rate,
  "°C": celsius,
  count,
  Hz: (value) => scaled(value, 1000, ["Hz", "kHz", "MHz", "GHz"], "Hz"),
  s: (value) => (known(value) && Math.abs(value) >= 120 ? { number: duration(value), unit: "" } : withUnit(plain(value), "s")),
  duration: (value) => ({ number: duration(value), unit: "" }),
  moment: (value) => ({ number: moment(value), unit: "" }),
  rpm: (value) => withUnit(count(value), "rpm"),
  MHz: (value) => withUnit(count(value), "MHz"),
  "1/s": (value) => withUnit(plain(value), "/s"),
  "": plain,
};

/**
 * @param {string} unit as in the catalogue
 * @param {number | null} [decimals] null: by the value
 * @returns {(value: Maybe) => Figure}
 */
export function formatOf(unit, decimals = null) {
  const usual = Object.hasOwn(FORMATS, unit) ? FORMATS[unit] : (/** @type {Maybe} */ value) => withUnit(plain(value), unit);
  if (decimals === null || unit === "B" || unit === "B/s") return usual;
  return (value) => withUnit({ number: known(value) && Math.abs(value) < 1e6 ? value.toFixed(decimals) : plain(value).number, unit: "" }, unit === "1/s" ? "/s" : unit);
}

/**
 * @param {Figure} figure
 * @param {string} unit
 * @returns {Figure}
 */
function withUnit({ number }, unit) {
  return { number, unit: number === NONE ? "" : unit };
}
