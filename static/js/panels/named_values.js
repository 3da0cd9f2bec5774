// @ts-check
/**
 * Figures by name, such as `cpu.percent` or `disk.devices.sda.busy_percent`: how to read each from an event, and
 * its format.
 */
import { flatten } from "../state/flatten.js";
import { celsius, count, duration, load, moment, NONE, percent, rate, size } from "../ui/format.js";
import { TILES } from "./tile_specs.js";

/** @typedef {import("../ui/format.js").Figure} Figure */
/** @typedef {import("../state/store.js").Data} Data */
/**
 * @typedef {object} Value
 * @property {string} event name before the first dot
 * @property {(data: Data) => number | null} read
 * @property {(value: number | null) => Figure} format
 */

/** Formats by patterns of names; the first match counts. @type {[RegExp, Value["format"]][]} */
const FORMATS = [
  [/percent$|^cpu\.(user|system|iowait|steal|cores\.\d+)$|^pressure\./, percent],
  [/bytes_per_second$/, rate],
  [/_per_second$/, (value) => unit(plain(value), "/s")],
  [/bytes$|\.(total|used|available|cached|swap_total|swap_used)$/, size],
  [/^load\.load\d+$/, load],
  [/\.(celsius|high|critical)$/, celsius],
  [/seconds(_left)?$/, (value) => ({ number: duration(value), unit: "" })],
  [/_time$|^time$/, (value) => ({ number: moment(value), unit: "" })],
  [/_mhz$/, (value) => unit(count(value), "MHz")],
  [/\.rpm$/, (value) => unit(count(value), "rpm")],
];

/** Figures that are computed from several fields. @type {Record<string, Value["read"]>} */
const MADE = {
  "sensors.celsius": (data) => {
    const all = [...flatten(data, (key) => /^temperatures\..*\.celsius$/.test(key)).values()];
    const known = all.filter((value) => value !== null);
    return known.length ? Math.max(...known) : null;
  },
};

/**
 * @param {string} name
 * @returns {Value | null} null if it is no valid name
 */
export function valueOf(name) {
  const [, event, field] = /^([a-z][a-z0-9_-]{0,63})\.(.+)$/.exec(name) ?? [];
  if (!event) return null;
  const tile = TILES.find(({ value }) => value === name);
  const format = FORMATS.find(([pattern]) => pattern.test(name))?.[1] ?? plain;
  /** @type {Value["read"]} */
  const read = (data) => flatten(data, (key) => key === field).get(field) ?? null;
  return { event, read: MADE[name] ?? (tile ? (data) => tile.read(data).value : read), format };
}

/**
 * Formats a figure of unknown unit: integers as they are, others with four digits.
 * @param {number | null} value
 * @returns {Figure}
 */
function plain(value) {
  if (value === null || Number.isInteger(value)) return count(value);
  return { number: String(Number(value.toPrecision(4))), unit: "" };
}

/**
 * @param {Figure} figure
 * @param {string} name
 * @returns {Figure}
 */
function unit({ number }, name) {
  return { number, unit: number === NONE ? "" : name };
}
