// @ts-check
/** Folds alert events into the list of open alerts. */

/** @import { Item } from "../state/event_lists.js" */
/** @import { Data } from "../streaming/history.js" */
/**
 * @typedef {object} Alert
 * @property {string} key of one alert; another alert of its rule has another
 * @property {string} name
 * @property {string} host
 * @property {"info" | "warning" | "critical"} level
 * @property {string} message
 * @property {number} since seconds since 1970
 * @property {string} event family that the rule watches, or empty
 * @property {boolean} known acknowledged or silenced, as far as GET /alerts said so
 */

/** @type {unknown[]} */
const ORDER = ["critical", "warning", "info"];
/** @type {unknown[]} */
const STATES = ["raised", "still", "cleared"];

/** Letters of a name. */
const MOST_NAME = 300;

/** Fields that may be missing; as in dashboard/alerts/model.py. */
const TEXTS = ["rule", "judge", "event", "message"];
const NUMBERS = ["value", "threshold", "since", "last"];

/**
 * @param {Data} data of an event that is called an alert: others publish such, and whoever may write the log writes anything
 * @returns {boolean} false: to GET /alerts it is none either
 */
function isAlert({ host, time, alert, state, level = "warning", worst = 0, culprits = [], ...rest }) {
  const isText = (/** @type {unknown} */ value) => typeof value === "string";
  return (
    typeof alert === "string" &&
    alert !== "" &&
    [...alert].length <= MOST_NAME &&
    isText(host) &&
    [time, worst].every(Number.isFinite) &&
    STATES.includes(state) &&
    ORDER.includes(level) &&
    TEXTS.every((key) => !(key in rest) || isText(rest[key])) &&
    NUMBERS.every((key) => Number.isFinite(rest[key] ?? 0)) &&
    Array.isArray(culprits) &&
    culprits.every((each) => isText(each?.name) && isText(each.unit) && Number.isFinite(each.value) && isText(each.runs_in ?? ""))
  );
}

/** Blank between a number and a unit that alerts name; as in dashboard/metrics/catalogue/value_text.py. */
const GAP = /(\d) (?=(?:%|°C|(?:[KMGTP]i|[kMGT])?B(?:\/s)?|[dhs]|min)(?!\w))/g;

/**
 * @param {string} sentence
 * @returns {string} with each number on one line with its unit
 */
export function unbroken(sentence) {
  return sentence.replaceAll(GAP, "$1\u00a0");
}

/**
 * Applies one alert event to a map of open alerts.
 * @param {Map<string, Alert>} open by name and host; changed in place
 * @param {Data} data of an alert's event
 */
export function applyAlert(open, data) {
  if (!isAlert(data)) return;
  const name = `${data.alert}@${data.host}`;
  if (data.state === "cleared") {
    open.delete(name);
    return;
  }
  const since = Number(data.since ?? data.time);
  const before = open.get(name);
  open.set(name, {
    key: `${name} ${since}`,
    name: String(data.alert),
    host: String(data.host),
    level: /** @type {Alert["level"]} */ (data.level ?? "warning"),
    message: unbroken(String(data.message ?? data.alert)),
    since,
    event: String(data.event ?? ""),
    // Events do not say it; whoever has to know it exactly asks again.
    known: Boolean(data.acknowledged ?? data.silenced) || (before?.known === true && before.level === data.level && !("id" in data)),
  });
}

/**
 * @param {Alert} one
 * @param {Alert} other
 * @returns {number} negative if the first is graver, or equal and older
 */
export function byGravity(one, other) {
  return ORDER.indexOf(one.level) - ORDER.indexOf(other.level) || one.since - other.since;
}

/**
 * @param {readonly Item[]} items alert events, oldest first
 * @returns {Alert[]} open ones, the gravest first, then the oldest
 */
export function openAlerts(items) {
  /** @type {Map<string, Alert>} */
  const open = new Map();
  for (const { data } of items) applyAlert(open, data);
  return [...open.values()].sort(byGravity);
}
