// @ts-check
/** Readers of the values that stand in an address. Each throws `Wrong` for a value that it cannot take. */

/** Error whose message names what is allowed. */
export class Wrong extends Error {}

/**
 * @param {string} text
 * @param {number} least
 * @param {number} most
 */
export function whole(text, least, most) {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : NaN;
  if (!(value >= least && value <= most)) throw new Wrong(`wanted is a whole number from ${least} to ${most}`);
  return value;
}

/** @param {string} text */
export function flag(text) {
  return one(text, ["0", "1"]) === "1";
}

/**
 * @param {string} text
 * @param {string[]} allowed
 */
export function one(text, allowed) {
  if (!allowed.includes(text)) throw new Wrong(`allowed are ${allowed.join(", ")}`);
  return text;
}

/**
 * @param {string} text
 * @param {RegExp} pattern
 * @param {string} wanted
 */
export function matching(text, pattern, wanted) {
  if (!pattern.test(text)) throw new Wrong(`wanted is ${wanted}`);
  return text;
}

/** @param {string} text of any length; shortened to a line */
export function quoted(text) {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}
