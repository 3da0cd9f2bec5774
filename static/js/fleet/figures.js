// @ts-check
/** Figures of machines that the overview shows: the event and fields of each, and its format. */
import { load, percent, rate } from "../ui/format.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { Figure } from "../ui/format.js" */
/**
 * @typedef {object} FleetFigure
 * @property {string} event
 * @property {string[]} fields of the event; only these are requested
 * @property {string} title
 * @property {string} [items] what rules call the items of which it is the highest
 * @property {(data: Data) => number | null} read
 * @property {(value: number | null) => Figure} format
 * @property {number} decades 0: percent; else powers of ten, below the greatest value, that the map tells apart
 */

/** @type {Record<string, FleetFigure>} */
export const FIGURES = {
  "cpu.percent": { event: "cpu", fields: ["percent"], title: "CPU", read: field("percent"), format: percent, decades: 0 },
  "memory.percent": { event: "memory", fields: ["percent"], title: "Memory", read: field("percent"), format: percent, decades: 0 },
  "filesystem.percent": {
    event: "filesystem",
    fields: ["mounts"],
    title: "Disk",
    items: "filesystem.mounts.*.percent",
    read: (data) => highest(Array.isArray(data.mounts) ? data.mounts.map((mount) => mount?.percent) : []),
    format: percent,
    decades: 0,
  },
  "network.received_bytes_per_second": rateOf("network", "received_bytes_per_second", "Network down"),
  "network.sent_bytes_per_second": rateOf("network", "sent_bytes_per_second", "Network up"),
  "disk.read_bytes_per_second": rateOf("disk", "read_bytes_per_second", "Disk read"),
  "disk.write_bytes_per_second": rateOf("disk", "write_bytes_per_second", "Disk written"),
  "disk.busy_percent": { event: "disk", fields: ["busy_percent"], title: "Disk busy", read: field("busy_percent"), format: percent, decades: 0 },
  "load.load1": { event: "load", fields: ["load1"], title: "Load", read: field("load1"), format: load, decades: 2 },
  "pressure.cpu_some": { event: "pressure", fields: ["cpu_some"], title: "CPU pressure", read: field("cpu_some"), format: percent, decades: 0 },
};

/** Figures by which machines are judged: shares of something that can run out. */
export const SHARES = ["cpu.percent", "memory.percent", "filesystem.percent"];

export const RECEIVED = "network.received_bytes_per_second";
export const SENT = "network.sent_bytes_per_second";

/** Figures of a tile. */
export const TILE_FIGURES = [...SHARES, RECEIVED, SENT];

/** Family whose samples show that a machine is there: the quickest, which every machine has. */
export const PULSE = "cpu";

/** Event in which a machine says its rules. */
export const RULES = "rules";

/**
 * @param {string[]} names of figures
 * @returns {{events: string[], fields: string[]}} events and fields to request for them
 */
export function wantedFor(names) {
  const shown = names.map((name) => FIGURES[name]);
  const families = new Set([PULSE, ...shown.map(({ event }) => event)]);
  const fields = new Set(shown.flatMap(({ event, fields }) => fields.map((name) => `${event}.${name}`)));
  if (!shown.some(({ event }) => event === PULSE)) fields.add(`${PULSE}.percent`);
  return { events: [...families, "system", "alert", RULES], fields: [...fields, "system.tags", "system.interval", "rules.rules"] };
}

/** @param {string} name */
function field(name) {
  return (/** @type {Data} */ data) => {
    const value = data[name];
    return typeof value === "number" ? value : null;
  };
}

/**
 * @param {string} event
 * @param {string} name
 * @param {string} title
 * @returns {FleetFigure}
 */
function rateOf(event, name, title) {
  return { event, fields: [name], title, read: field(name), format: rate, decades: 4 };
}

/** @param {unknown[]} values */
function highest(values) {
  const known = values.filter((value) => typeof value === "number");
  return known.length ? Math.max(.../** @type {number[]} */ (known)) : null;
}
