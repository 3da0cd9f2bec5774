// @ts-check
/** Specifications of the tiles: family, figure and format of each. */
import { LEAST_RATE, roundUp } from "../charts/scale.js";
import { percent, rate, size, text } from "../ui/format.js";
import { figure } from "./panel.js";

/** @typedef {import("./panel.js").Data} Data */
/** @typedef {import("./tile.js").TileSpec} TileSpec */
/** @typedef {{mountpoint: string, total: number | null, used: number | null, percent: number | null}} Mount */

/** @type {(highest: number) => number} */
const whole = () => 100;
/** @type {(highest: number) => number} */
const round = (highest) => roundUp(highest, LEAST_RATE);

/** @type {TileSpec[]} */
export const TILES = [
  {
    name: "cpu",
    event: "cpu",
    columns: /^percent$/,
    title: "CPU",
    value: "cpu.percent",
    color: "blue",
    format: percent,
    top: whole,
    read: (data) => ({
      value: figure(data, "percent"),
      detail: `user ${text(percent(figure(data, "user")))} · system ${text(percent(figure(data, "system")))}${cpus(figure(data, "limit"))}`,
      column: "percent",
    }),
  },
  {
    name: "memory",
    event: "memory",
    columns: /^percent$/,
    title: "Memory",
    value: "memory.percent",
    color: "green",
    format: percent,
    top: whole,
    read: (data) => ({
      value: figure(data, "percent"),
      detail: outOf(figure(data, "used"), figure(data, "total")) + limited(data),
      column: "percent",
    }),
  },
  {
    name: "filesystem",
    event: "filesystem",
    columns: /^mounts\..*\.percent$/,
    title: "Fullest disk",
    value: "filesystem.percent",
    color: "purple",
    format: percent,
    top: whole,
    read: (data) => {
      const mount = fullest(data);
      if (!mount) return { value: null, detail: "no disks", column: "" };
      return {
        value: mount.percent,
        detail: `${mount.mountpoint} · ${outOf(mount.used, mount.total)}`,
        column: `mounts.${mount.mountpoint}.percent`,
      };
    },
  },
  {
    name: "received",
    event: "network",
    columns: /^received_bytes_per_second$/,
    title: "Network down",
    value: "network.received_bytes_per_second",
    color: "blue",
    format: rate,
    top: round,
    read: (data) => ({
      value: figure(data, "received_bytes_per_second"),
      detail: errors(figure(data, "errors_per_second")),
      column: "received_bytes_per_second",
    }),
  },
  {
    name: "sent",
    event: "network",
    columns: /^sent_bytes_per_second$/,
    title: "Network up",
    value: "network.sent_bytes_per_second",
    color: "orange",
    format: rate,
    top: round,
    read: (data) => ({
      value: figure(data, "sent_bytes_per_second"),
      detail: errors(figure(data, "errors_per_second")),
      column: "sent_bytes_per_second",
    }),
  },
];

/**
 * @param {Data} data of a filesystem event
 * @returns {Mount | null}
 */
function fullest(data) {
  const mounts = Array.isArray(data.mounts) ? /** @type {Mount[]} */ (data.mounts) : [];
  return mounts.reduce(
    (most, mount) => ((mount.percent ?? -1) > (most?.percent ?? -1) ? mount : most),
    /** @type {Mount | null} */ (null),
  );
}

/**
 * @param {number | null} used bytes
 * @param {number | null} total bytes
 */
function outOf(used, total) {
  return `${text(size(used))} of ${text(size(total))}`;
}

/**
 * @param {Data} data of a memory event
 * @returns {string} what a container uses of its limit; nothing without one
 */
function limited(data) {
  const limit = figure(data, "limit");
  return limit === null ? "" : ` · ${outOf(figure(data, "limit_used"), limit)} (limit)`;
}

/** @param {number | null} limit CPUs that a container may use */
function cpus(limit) {
  return limit === null ? "" : ` · of ${limit} CPUs (limit)`;
}

/** @param {number | null} perSecond */
function errors(perSecond) {
  return perSecond !== null && perSecond > 0 ? `▲ ${perSecond.toFixed(1)} errors/s` : "no errors";
}
