// @ts-check
/** How a machine is, in a few words. */
import { clock, moment, text, wholeAge } from "../ui/format.js";
import { FIGURES } from "./figures.js";

/** @typedef {import("./host.js").Host} Host */

/** What is said of each level of an alert: a shape and a word, beside its colour. */
export const MARKS = { critical: "◆ critical", warning: "▲ warning", info: "ℹ info", "": "" };

/** The same of a machine that does not send anything. */
export const SILENT = "✕ silent";

/** Seconds after which a time of day says too little. */
const DAY = 72_000;

/**
 * @param {Host} machine
 * @param {number} now
 * @returns {string} how old its figures are, or since when there are none
 */
export function ageText({ freshness, seen }, now) {
  if (freshness === "gone") return `since ${now - seen < DAY ? clock(seen) : moment(seen)}`;
  return freshness === "stale" ? `${wholeAge(now - seen)} old` : wholeAge(now - seen);
}

/**
 * @param {Host} machine
 * @param {number} now
 * @returns {string} what is wrong with it, the gravest first; empty where nothing is
 */
export function statusText(machine, now) {
  const { alert, freshness, worst } = machine;
  if (freshness === "gone") return `silent ${ageText(machine, now)}`;
  if (alert) return alert.message;
  return worst?.level ? `${FIGURES[worst.name].title} ${text(FIGURES[worst.name].format(worst.value))}` : "";
}

/**
 * @param {Host} machine
 * @returns {{level: "critical" | "warning" | "info" | "", mark: string}} of its alerts; "" while there are none
 */
export function alertOf({ alert }) {
  const level = alert?.level ?? "";
  return { level, mark: MARKS[level] };
}
