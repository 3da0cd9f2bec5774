// @ts-check
/** Levels of figures by the rules that a machine says of itself. A level is shown by a word, a sign and a colour together. */

/** @typedef {"" | "info" | "warning" | "critical"} Level */
/**
 * @typedef {object} Rule
 * @property {string} name
 * @property {string} figure EVENT.FIELD; `*` stands for an item
 * @property {">" | ">=" | "<" | "<="} sign
 * @property {number} [limit]
 * @property {string} [limit_field] field of the item that has its own limit
 * @property {Level} level
 */

/** The least first. */
const LEVELS = /** @type {const} */ (["", "info", "warning", "critical"]);

/** As `data-level` says it. */
const NAMES = { "": null, info: "info", warning: "high", critical: "critical" };

/**
 * Finds the gravest level that a rule gives a value.
 * @param {string} figure
 * @param {Record<string, unknown> | null} item the object that has the figure, for limits of its own
 * @param {number | null} value
 * @param {readonly Rule[]} rules of the machine
 * @returns {Level}
 */
export function levelOf(figure, item, value, rules) {
  return ruleFor(figure, item, value, rules)?.level ?? "";
}

/**
 * @param {string} figure
 * @param {readonly Rule[]} rules
 * @returns {number | null} the limit nearest to usual values; null without one
 */
export function thresholdOf(figure, rules) {
  const limits = rules.filter((rule) => isAbout(rule, figure) && typeof rule.limit === "number");
  const upper = limits.filter(({ sign }) => sign.startsWith(">")).map(({ limit }) => limit ?? NaN);
  if (upper.length) return Math.min(...upper);
  return limits.length ? Math.max(...limits.map(({ limit }) => limit ?? NaN)) : null;
}

/**
 * @param {unknown} data of an event `rules`, or none
 * @returns {Rule[]} those that can be read
 */
export function rulesOf(data) {
  const rules = /** @type {{rules?: unknown} | null | undefined} */ (data)?.rules;
  return Array.isArray(rules) ? rules.filter((rule) => typeof rule?.figure === "string" && typeof rule.sign === "string" && LEVELS.includes(rule.level)) : [];
}

/**
 * @param {string} figure
 * @param {Record<string, unknown> | null} item
 * @param {number | null} value
 * @param {readonly Rule[]} rules
 * @returns {{name: string | null, words: string}} value of `data-level`, and sign and word; empty within all limits
 */
export function shownLevel(figure, item, value, rules) {
  const rule = ruleFor(figure, item, value, rules);
  if (!rule) return { name: null, words: "" };
  const word = rule.level === "critical" ? "◆ critical" : rule.level === "info" ? "ℹ" : rule.sign.startsWith("<") ? "▼ low" : "▲ high";
  return { name: NAMES[rule.level], words: word };
}

/**
 * @param {Level} one
 * @param {Level} other
 * @returns {number} positive if the first is graver
 */
export function compareLevels(one, other) {
  return LEVELS.indexOf(one) - LEVELS.indexOf(other);
}

/**
 * @param {string} figure
 * @param {Record<string, unknown> | null} item
 * @param {number | null} value
 * @param {readonly Rule[]} rules
 * @returns {Rule | null} gravest rule that the value breaks
 */
function ruleFor(figure, item, value, rules) {
  if (value === null || !Number.isFinite(value)) return null;
  let gravest = null;
  for (const rule of rules) {
    if (!isAbout(rule, figure) || !isBeyond(value, rule.sign, limitOf(rule, item))) continue;
    if (!gravest || compareLevels(rule.level, gravest.level) > 0) gravest = rule;
  }
  return gravest;
}

/**
 * @param {Rule} rule
 * @param {string} figure the same name, or that of one of its items
 */
function isAbout({ figure: watched }, figure) {
  if (!watched.includes("*")) return watched === figure;
  const parts = watched.split("*");
  return fits(figure, parts[0], parts.slice(1, -1), parts[parts.length - 1]);
}

/**
 * @param {string} figure
 * @param {string} first what it begins with
 * @param {string[]} between what follows, in order, each after one letter at least
 * @param {string} last what it ends with, after one letter at least
 */
function fits(figure, first, between, last) {
  if (!figure.startsWith(first) || !figure.endsWith(last)) return false;
  let at = first.length;
  for (const part of between) {
    at = figure.indexOf(part, at + 1);
    if (at < 0) return false;
    at += part.length;
  }
  return at < figure.length - last.length;
}

/**
 * @param {Rule} rule
 * @param {Record<string, unknown> | null} item
 * @returns {number} NaN without one
 */
function limitOf({ limit, limit_field: field }, item) {
  const found = field ? item?.[field] : limit;
  return typeof found === "number" ? found : NaN;
}

/**
 * @param {number} value
 * @param {string} sign
 * @param {number} limit
 */
function isBeyond(value, sign, limit) {
  if (sign === ">") return value > limit;
  if (sign === ">=") return value >= limit;
  return sign === "<" ? value < limit : sign === "<=" && value <= limit;
}
