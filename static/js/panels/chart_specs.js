// @ts-check
/** Specifications of the charts: family, lines and axis of each. */
import { mirrored, percentMarks } from "../charts/scale.js";
import { count, load, percent, rate, terse } from "../ui/format.js";

/** @typedef {import("../charts/chart.js").Axis} Axis */
/** @typedef {import("./chart_panel.js").ChartSpec} ChartSpec */

/** Fixed ends, so that half a chart always means half. @type {Axis} */
const PERCENT = { range: () => [0, 100], label: (value) => `${value} %`, marks: percentMarks };

/** One scale for both directions; the sign is not shown. @type {Axis} */
const RATES = { range: mirrored, label: (value) => (value === 0 ? "0" : terse(rate(Math.abs(value)))) };

/** From zero to at least 1. @type {Axis} */
const LOAD = {
  range: (_low, high) => [0, Math.max(1, (high ?? 0) * 1.15)],
  label: (value) => String(value),
};

/** @type {ChartSpec[]} */
export const CHARTS = [
  {
    name: "cpu",
    event: "cpu",
    title: "CPU",
    says: "CPU use and time waiting for disks in percent; below, each core",
    axis: PERCENT,
    format: percent,
    strip: "cores",
    watch: "percent",
    lines: [
      { field: "percent", name: "all cores", color: "blue", fill: 0.22 },
      { field: "iowait", name: "disk wait", color: "orange", width: 1.5 },
    ],
  },
  {
    name: "memory",
    event: "memory",
    title: "Memory",
    says: "Memory and swap in use in percent",
    axis: PERCENT,
    format: percent,
    watch: "percent",
    lines: [
      { field: "percent", name: "in use", color: "green", fill: 0.22 },
      { field: "swap_percent", name: "swap", color: "orange" },
    ],
  },
  {
    name: "disk",
    event: "disk",
    title: "Disk",
    says: "Bytes read from disks, upwards, and written, downwards, each second",
    axis: RATES,
    format: rate,
    lines: [
      { field: "read_bytes_per_second", name: "read ▴", color: "blue", width: 1.5, fill: 0.22 },
      { field: "write_bytes_per_second", name: "written ▾", color: "orange", width: 1.5, fill: 0.22, downward: true },
    ],
  },
  {
    name: "network",
    event: "network",
    title: "Network",
    says: "Bytes received, upwards, and sent, downwards, each second",
    axis: RATES,
    format: rate,
    lines: [
      { field: "received_bytes_per_second", name: "received ▴", color: "blue", width: 1.5, fill: 0.22 },
      { field: "sent_bytes_per_second", name: "sent ▾", color: "orange", width: 1.5, fill: 0.22, downward: true },
    ],
  },
  {
    name: "load",
    event: "load",
    title: "Load",
    says: "Load averages over 1, 5 and 15 minutes against the number of CPUs",
    axis: LOAD,
    format: load,
    lines: [
      { field: "load1", name: "1 min", color: "blue", fill: 0.15 },
      { field: "load5", name: "5 min", color: "orange", width: 1.5 },
      { field: "load15", name: "15 min", color: "green", width: 1.5 },
      { field: "cpus", name: "CPUs", color: "ink-dim", width: 1, dashed: true, format: count },
    ],
  },
  {
    name: "pressure",
    event: "pressure",
    title: "Pressure",
    says: "Share of time in which something waited for CPU, disk or memory, in percent",
    axis: PERCENT,
    format: percent,
    lines: [
      { field: "cpu_some", name: "CPU", color: "blue", width: 1.5 },
      { field: "io_some", name: "disk", color: "orange", width: 1.5 },
      { field: "memory_some", name: "memory", color: "green", width: 1.5 },
    ],
  },
];
