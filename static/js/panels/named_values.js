// @ts-check
/** Figures by name, such as `cpu.percent` or `disk.devices.sda.busy_percent`: how to read each from an event, and its format. */
import { readFigure } from "../config/figure_name.js";
import { figureOf } from "../state/flatten.js";
import { formatOf } from "../ui/units.js";

/** @import { Catalogue } from "../config/catalogue.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Figure } from "../ui/format.js" */
/**
 * @typedef {object} Value
 * @property {string} event
 * @property {(data: Data) => {value: number | null, column: string}} read with the field in which it is
 * @property {(value: number | null) => Figure} format
 */

/**
 * @param {string} name
 * @param {Catalogue} catalogue
 * @param {readonly string[]} [events] names of known events, which may have dots
 * @returns {Value | null} null if it is no valid name
 */
export function valueOf(name, catalogue, events = []) {
  const { event, field } = readFigure(name, events) ?? {};
  if (!event || !field) return null;
  const { unit, decimals } = catalogue.figure(event, field);
  return { event, read: (data) => figureOf(data, field), format: formatOf(unit, decimals) };
}
