// @ts-check
/**
 * Exports charts as CSV or JSON: one row for each time, one column for each figure. A gap in the samples is a
 * row without figures, so that a line drawn from the file breaks where the chart breaks. Pure.
 */

/** @import { Column } from "../charts/scale.js" */
/** @typedef {{event: string, times: number[], columns: [string, Column][]}} Part rows of one family */
/** @typedef {{names: string[], times: number[], columns: Column[]}} Sheet names as in cpu.percent; times in seconds since 1970 */
/** @typedef {{host: string, from: number, to: number, latest: Record<string, object>}} About latest: newest events that have no columns */

/**
 * Joins families by time, so that those sampled together share rows.
 * @param {Part[]} parts
 * @param {number} from seconds since 1970
 * @param {number} to
 * @returns {Sheet}
 */
export function join(parts, from, to) {
  const shown = (/** @type {number} */ time) => time >= from && time <= to;
  const times = [...new Set(parts.flatMap((part) => part.times.filter(shown)))].sort((a, b) => a - b);
  const rows = new Map(times.map((time, row) => [time, row]));
  const names = parts.flatMap(({ event, columns }) => columns.map(([key]) => `${event}.${key}`));
  const columns = parts.flatMap((part) =>
    part.columns.map(([, values]) => {
      /** @type {Column} */
      const column = times.map(() => null);
      values.forEach((value, index) => {
        const row = rows.get(part.times[index]);
        if (row !== undefined) column[row] = value;
      });
      return column;
    }),
  );
  return { names, times, columns };
}

/**
 * Writes CSV by RFC 4180.
 * @param {Sheet} sheet
 * @returns {string}
 */
export function toCsv({ names, times, columns }) {
  const head = ["time", "seconds", ...names];
  const rows = times.map((time, row) => [iso(time), time, ...columns.map((column) => column[row])]);
  return [head, ...rows].map((cells) => `${cells.map(cell).join()}\r\n`).join("");
}

/**
 * @param {About} about
 * @param {Sheet} sheet
 * @returns {string}
 */
export function toJson({ host, from, to, latest }, { names, times, columns }) {
  const named = names.map((name, index) => [name, columns[index]]);
  const all = { time: times.map(iso), seconds: times, ...Object.fromEntries(named) };
  return `${JSON.stringify({ host, from: iso(from), to: iso(to), columns: all, latest }, null, 1)}\n`;
}

/**
 * @param {string} host
 * @param {number} time seconds since 1970
 * @param {string} ending
 * @returns {string} name without characters that a file system refuses
 */
export function fileName(host, time, ending) {
  return `${host}-${iso(time).slice(0, 19).replaceAll(":", "-")}Z.${ending}`;
}

/** @param {number} time seconds since 1970 */
function iso(time) {
  return new Date(Math.round(time * 1000)).toISOString();
}

/** @param {string | number | null} value */
function cell(value) {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
