// @ts-check
/** Specifications of the tables: family, columns and order of rows. */
import { celsius, count, duration, moment, percent, rate, size, text } from "../ui/format.js";
import { figure } from "./panel.js";

/** @typedef {import("./table_panel.js").TableSpec} TableSpec */
/** @typedef {Record<string, unknown>} Item */

/** @type {TableSpec[]} */
export const TABLES = [
  {
    name: "processes",
    event: "processes",
    title: "Processes",
    columns: ["Name", "User", "CPU", "Memory"],
    summary: (data) => `${figure(data, "count") ?? "—"} in all, ${figure(data, "running") ?? "—"} running`,
    rows: (data) =>
      items(data.top).map((item) => ({
        cells: [words(item.name), words(item.user), text(percent(number(item.cpu_percent))), text(size(number(item.memory_bytes)))],
      })),
  },
  {
    name: "filesystem",
    event: "filesystem",
    title: "Disks",
    columns: ["Mounted at", "Used", "Size", "Full"],
    summary: (data) => counted(items(data.mounts).length, "mount"),
    rows: (data) =>
      highest(items(data.mounts), "percent").map((item) => ({
        cells: [words(item.mountpoint), text(size(number(item.used))), text(size(number(item.total))), text(percent(number(item.percent)))],
        share: number(item.percent),
      })),
  },
  {
    name: "devices",
    event: "disk",
    title: "Disk devices",
    columns: ["Device", "Read", "Written", "Busy"],
    summary: (data) => counted(named(data.devices).length, "device"),
    rows: (data) =>
      highest(named(data.devices), "busy_percent").map((item) => ({
        cells: [
          words(item.name),
          text(rate(number(item.read_bytes_per_second))),
          text(rate(number(item.write_bytes_per_second))),
          text(percent(number(item.busy_percent))),
        ],
        share: number(item.busy_percent),
      })),
  },
  {
    name: "interfaces",
    event: "network",
    title: "Network interfaces",
    columns: ["Interface", "Received", "Sent", "Errors"],
    summary: (data) => counted(named(data.interfaces).length, "interface"),
    rows: (data) =>
      highest(named(data.interfaces), "received_bytes_per_second").map((item) => ({
        cells: [
          words(item.name),
          text(rate(number(item.received_bytes_per_second))),
          text(rate(number(item.sent_bytes_per_second))),
          `${number(item.errors_per_second)?.toFixed(1) ?? "—"} /s`,
        ],
      })),
  },
  {
    name: "sensors",
    event: "sensors",
    title: "Sensors",
    columns: ["Sensor", "Now", "High"],
    summary: (data) => battery(data.battery),
    rows: (data) => [
      ...highest(items(data.temperatures), "celsius").map((item) => ({
        cells: [words(item.label), text(celsius(number(item.celsius))), text(celsius(number(item.high)))],
      })),
      ...items(data.fans).map((item) => ({ cells: [words(item.label), `${number(item.rpm) ?? "—"} rpm`, ""] })),
    ],
  },
  {
    name: "system",
    event: "system",
    title: "System",
    columns: ["", ""],
    summary: () => "",
    rows: (data) => [
      { cells: ["Up for", duration(number(data.uptime_seconds))] },
      { cells: ["Booted", moment(number(data.boot_time))] },
      { cells: ["Signed in", words(count(number(data.users)).number)] },
      { cells: ["System", words(data.os)] },
      { cells: ["Kernel", words(data.kernel)] },
    ],
  },
];

/**
 * @param {unknown} list of objects
 * @returns {Item[]}
 */
function items(list) {
  return Array.isArray(list) ? list.filter((item) => typeof item === "object" && item !== null) : [];
}

/**
 * @param {unknown} map of objects by name
 * @returns {Item[]}
 */
function named(map) {
  if (typeof map !== "object" || map === null) return [];
  return Object.entries(map).map(([name, item]) => ({ ...item, name }));
}

/**
 * @param {Item[]} list
 * @param {string} field
 * @returns {Item[]} a new list, the highest first, in a steady order
 */
function highest(list, field) {
  return [...list].sort((a, b) => (number(b[field]) ?? -1) - (number(a[field]) ?? -1));
}

/** @param {unknown} value */
function words(value) {
  return typeof value === "string" && value !== "" ? value : "—";
}

/** @param {unknown} value */
function number(value) {
  return typeof value === "number" ? value : null;
}

/**
 * @param {number} count
 * @param {string} thing
 */
function counted(count, thing) {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

/** @param {unknown} battery */
function battery(battery) {
  if (typeof battery !== "object" || battery === null) return "";
  const { percent: charge, plugged } = /** @type {Item} */ (battery);
  return `battery ${text(percent(number(charge)))}${plugged ? ", plugged in" : ""}`;
}
