// @ts-check
/** Thresholds of figures. A level is shown by a word, a sign and a colour together. */

/** @typedef {"" | "high" | "critical"} Level */

/** @type {Record<string, {high: number, critical?: number}>} */
const LEVELS = {
  "cpu.percent": { high: 90 },
  "memory.percent": { high: 90, critical: 97 },
  "filesystem.percent": { high: 85, critical: 95 },
  "pressure.cpu_some": { high: 60 },
};

/** Sign and word of each level. */
export const WORDS = { "": "", high: "▲ high", critical: "◆ critical" };

/**
 * @param {string} name of a value, as in data-value
 * @param {number | null} value
 * @returns {Level}
 */
export function levelOf(name, value) {
  const levels = LEVELS[name];
  if (!levels || value === null || value < levels.high) return "";
  return levels.critical !== undefined && value >= levels.critical ? "critical" : "high";
}

/**
 * @param {string} name
 * @returns {number | null} value from which on it is high
 */
export function thresholdOf(name) {
  return LEVELS[name]?.high ?? null;
}
