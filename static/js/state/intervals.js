// @ts-check
/**
 * Sampling intervals of machines, which may differ. A machine reports its own in the event `system`; for a reader
 * without a right to that event the hello lists them. The interval of the server holds for all others.
 */
import { GAP } from "./series.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */

/** Event in which a machine reports its interval. */
export const INTERVAL_EVENT = "system";

/** Longest INTERVAL, seconds. */
const LONGEST = 3600;

/** Least patience, seconds: delivery takes a moment, however short the interval. */
const LEAST_PATIENCE = 1;

/** Stale figures are shown up to so many times the age up to which they are fresh: ten cadences. */
const GONE = 10 / GAP;

/** @typedef {"fresh" | "stale" | "gone"} AgeLevel */

export class Intervals {
  /** @param {number} interval of the server: seconds between samples of the fast families */
  constructor(interval) {
    this.own = interval;
    /** Cadences of the server by family, from its hello. @type {Record<string, number> | null} */
    this.cadences = null;
    /** Seconds between samples of the slower families. @type {Record<string, number>} */
    this.slow = {};
    /** Intervals by host, from the hello. @type {Record<string, number>} */
    this.listed = {};
    /** Intervals that machines have reported since. @type {Map<string, number>} */
    this.said = new Map();
  }

  /** @param {Hello} hello */
  greet(hello) {
    if (hello.interval) this.own = hello.interval;
    this.cadences = hello.cadences ?? null;
    this.slow = hello.slow ?? {};
    this.listed = hello.intervals ?? {};
  }

  /**
   * @param {Data} data of an event `system`
   * @returns {boolean} true if the interval of the machine has changed
   */
  hear({ host, interval }) {
    if (typeof host !== "string") return false;
    const before = this.interval(host);
    if (isInterval(interval)) this.said.set(host, interval);
    else this.said.delete(host);
    return this.interval(host) !== before;
  }

  /** @param {string} host that was dropped */
  forget(host) {
    this.said.delete(host);
  }

  /**
   * @param {string} host
   * @returns {boolean} true if its interval is known, and not only assumed
   */
  knows(host) {
    return (this.said.get(host) ?? this.#listed(host)) !== null;
  }

  /**
   * @param {string} host
   * @returns {number} seconds between two samples of its fast families
   */
  interval(host) {
    return this.said.get(host) ?? this.#listed(host) ?? this.own;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} seconds between two events
   */
  cadence(host, event) {
    const interval = this.interval(host);
    const own = interval === this.own ? this.cadences?.[event] : undefined;
    return own ?? cadenceOf(Object.hasOwn(this.slow, event) ? this.slow[event] : 0, interval);
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} age in seconds up to which its figures are fresh
   */
  patience(host, event) {
    return patienceFor(this.cadence(host, event));
  }

  /** @param {string} host */
  #listed(host) {
    const interval = Object.hasOwn(this.listed, host) ? this.listed[host] : null;
    return isInterval(interval) ? interval : null;
  }
}

/**
 * @param {Data | null} system newest event of that name of a machine
 * @param {string} event
 * @returns {string | null} why it has no figures of an event, as it says; null if it says nothing
 */
export function whyMissing(system, event) {
  const missing = Object(system?.missing);
  return Object.hasOwn(missing, event) ? String(missing[event]) : null;
}

/**
 * Computes a cadence like the sampler: that of the family, rounded up to whole intervals.
 * @param {number} slow seconds between samples of the family; 0 for a fast one
 * @param {number} interval seconds
 * @returns {number} seconds
 */
export function cadenceOf(slow, interval) {
  if (slow <= interval || interval <= 1) return Math.max(slow, interval);
  return Math.ceil(slow / interval) * interval;
}

/**
 * @param {number} cadence seconds
 * @returns {number} age in seconds up to which figures of that cadence are fresh
 */
export function patienceFor(cadence) {
  return Math.max(GAP * cadence, LEAST_PATIENCE);
}

/**
 * Returns the ages up to which figures are fresh, and up to which they are shown; seconds.
 * @param {number} patience
 * @param {number} [delay] seconds that delivery may take
 * @returns {{fresh: number, shown: number}}
 */
export function ageLimits(patience, delay = 0) {
  return { fresh: patience + delay, shown: patience * GONE + delay };
}

/**
 * @param {number} age seconds
 * @param {{fresh: number, shown: number}} limits
 * @returns {AgeLevel}
 */
export function ageLevel(age, { fresh, shown }) {
  if (age <= fresh) return "fresh";
  return age <= shown ? "stale" : "gone";
}

/**
 * Returns the median. The newest sample of several machines is fresh as long as most of them would have sent
 * another one, so that one machine with a long interval does not keep a page live.
 * @param {number[]} patiences at least one
 * @returns {number} age up to which the newest sample of all is fresh
 */
export function ofMost(patiences) {
  const inOrder = [...patiences].sort((one, other) => one - other);
  return inOrder[Math.floor(inOrder.length / 2)];
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isInterval(value) {
  return typeof value === "number" && value > 0 && value <= LONGEST;
}
