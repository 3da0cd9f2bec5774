// @ts-check
/**
 * How often each machine is sampled. The machines of a fleet may have an INTERVAL each, so each is judged
 * by its own: it says it in its event `system`. A reader without a right to that is told by the server's
 * hello. For a machine that says none (an agent of an older version) the server's own holds.
 */
import { GAP } from "./series.js";

/** @typedef {import("../streaming/stream.js").Data} Data */
/** @typedef {import("../streaming/stream.js").Hello} Hello */

/** The event in which a machine says how often it is sampled. */
export const INTERVAL_EVENT = "system";

/** Seconds between samples of the families that do not come each interval; a test holds it to the sampler. */
const SLOW = { processes: 5, sensors: 5, filesystem: 10, system: 60 };

/** The longest INTERVAL that there can be, seconds. */
const LONGEST = 3600;

/** Under this age a late figure is delivery and not silence, however short the interval. */
const LEAST_PATIENCE = 1;

/** Stale figures are shown up to so many times the age up to which they are fresh: ten cadences. */
const GONE = 10 / GAP;

/** @typedef {"fresh" | "stale" | "gone"} AgeLevel */

export class Intervals {
  /** @param {number} interval of the server's own machine: seconds between samples of the fast families */
  constructor(interval) {
    this.own = interval;
    /** Those of the server's own machine, once it has told. @type {Record<string, number> | null} */
    this.cadences = null;
    /** Intervals as hello told them. @type {Record<string, number>} */
    this.told = {};
    /** Intervals as the machines said them since. @type {Map<string, number>} */
    this.said = new Map();
  }

  /** @param {Hello} hello */
  greet(hello) {
    if (hello.interval) this.own = hello.interval;
    this.cadences = hello.cadences ?? null;
    this.told = hello.intervals ?? {};
  }

  /**
   * @param {Data} data of an event `system`
   * @returns {boolean} whether that machine's interval is another one now
   */
  hear({ host, interval }) {
    if (typeof host !== "string") return false;
    const before = this.interval(host);
    if (isInterval(interval)) this.said.set(host, interval);
    else this.said.delete(host);
    return this.interval(host) !== before;
  }

  /** @param {string} host that is there no more */
  forget(host) {
    this.said.delete(host);
  }

  /**
   * @param {string} host
   * @returns {boolean} whether its interval is known, and not only supposed
   */
  knows(host) {
    return (this.said.get(host) ?? this.#told(host)) !== null;
  }

  /**
   * @param {string} host
   * @returns {number} seconds between two samples of its fast families
   */
  interval(host) {
    return this.said.get(host) ?? this.#told(host) ?? this.own;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} seconds between two of them
   */
  cadence(host, event) {
    const interval = this.interval(host);
    const own = interval === this.own ? this.cadences?.[event] : undefined;
    return own ?? cadenceOf(event, interval);
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} the age in seconds up to which its figures count as fresh
   */
  patience(host, event) {
    return patienceFor(this.cadence(host, event));
  }

  /** @param {string} host */
  #told(host) {
    const interval = Object.hasOwn(this.told, host) ? this.told[host] : null;
    return isInterval(interval) ? interval : null;
  }
}

/**
 * As the sampler does it: a family's own cadence, but a whole number of longer intervals.
 * @param {string} event
 * @param {number} interval seconds
 * @returns {number} seconds
 */
export function cadenceOf(event, interval) {
  const slow = SLOW[/** @type {keyof typeof SLOW} */ (event)] ?? 0;
  if (slow <= interval || interval <= 1) return Math.max(slow, interval);
  return Math.ceil(slow / interval) * interval;
}

/**
 * @param {number} cadence seconds
 * @returns {number} the age in seconds up to which figures of that cadence count as fresh
 */
export function patienceFor(cadence) {
  return Math.max(GAP * cadence, LEAST_PATIENCE);
}

/**
 * Ages up to which figures are fresh, and up to which they are shown at all; seconds.
 * @param {number} patience
 * @param {number} [delay] seconds that they may be on their way
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
 * The newest sample of several machines is fresh as long as most of them would have sent another one. One
 * that is sampled each hour does not make a page live for hours in which all others are silent.
 * @param {number[]} patiences of each of them, one at least
 * @returns {number} the age up to which the newest sample of all is fresh
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
