// @ts-check
/** Short texts about the state of a machine. */
import { clock, moment, text, wholeAge } from "../ui/format.js";
import { FIGURES } from "./figures.js";

/** @import { Host } from "./host.js" */

/** Sign and word of each level of an alert, beside its colour. */
export const MARKS = { critical: "◆ critical", warning: "▲ warning", info: "ℹ info", "": "" };

/** Sign and word of a machine without recent figures. */
export const SILENT = "✕ silent";

/** All that may stand beside a name. */
export const BESIDE = [...Object.values(MARKS), SILENT];

/** Seconds after which a time needs its date. */
const DAY = 72_000;

/**
 * @param {Host} machine
 * @param {number} now
 * @returns {string} age of its figures, or the time since which there are none
 */
export function ageText({ freshness, seen }, now) {
  if (freshness === "gone") return `since ${now - seen < DAY ? clock(seen) : moment(seen)}`;
  return freshness === "stale" ? `${wholeAge(now - seen)} old` : wholeAge(now - seen);
}

/**
 * @param {Host} machine
 * @param {number} now
 * @returns {string} silence, gravest alert or figure beyond its threshold; empty if there is none
 */
export function statusText(machine, now) {
  const { alert, freshness, worst } = machine;
  if (freshness === "gone") return `silent ${ageText(machine, now)}`;
  if (alert) return alert.message;
  return worst?.level ? `${FIGURES[worst.name].title} ${text(FIGURES[worst.name].format(worst.value))}` : "";
}

/**
 * @param {Host} machine
 * @returns {{level: "critical" | "warning" | "info" | "", mark: string}} level and sign of its gravest alert; "" without any
 */
export function alertOf({ alert }) {
  const level = alert?.level ?? "";
  return { level, mark: MARKS[level] };
}
