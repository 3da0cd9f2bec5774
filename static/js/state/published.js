// @ts-check
/**
 * Pace of published events, which no machine samples: as declared or set, else the median distance of the last few.
 * A figure that came once may be the only one for a long time.
 */
import { GAP } from "./series.js";

/** Events by whose distances the next one is expected. */
const MOST = 6;

/** Ages in seconds up to which a figure is fresh, however quick its pace; and where its pace is unknown. */
const LEAST_PATIENCE = 10;
const UNKNOWN_PATIENCE = 600;

export class Published {
  /** @param {ReadonlyMap<string, number | null>} declared seconds between two events, by name; null: by what comes */
  constructor(declared) {
    this.declared = declared;
    /** Seconds between two events of the server's exporters and commands, by event and host. @type {Record<string, number>} */
    this.sourceCadences = {};
    /** Times of the last few events, by event and host. @type {Map<string, number[]>} */
    this.times = new Map();
  }

  /** @param {string} event */
  has(event) {
    return this.declared.has(event);
  }

  /**
   * @param {string} host
   * @param {string} event
   * @param {number[]} times seconds since 1970, ascending; earlier ones than known are ignored
   */
  hear(host, event, times) {
    if (!this.has(event)) return;
    const name = `${event}@${host}`;
    const known = this.times.get(name) ?? [];
    const last = known.at(-1) ?? -Infinity;
    this.times.set(name, [...known, ...times.filter((time) => time > last)].slice(-MOST));
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} seconds between two events; Infinity if it has come once
   */
  cadence(host, event) {
    const name = `${event}@${host}`;
    const declared = this.declared.get(event) ?? this.sourceCadences[name];
    if (declared) return declared;
    const times = this.times.get(name) ?? [];
    const apart = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
    return apart.length ? apart[Math.floor(apart.length / 2)] : Infinity;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number} age in seconds up to which its figures are fresh
   */
  patience(host, event) {
    const cadence = this.cadence(host, event);
    return cadence === Infinity ? UNKNOWN_PATIENCE : Math.max(LEAST_PATIENCE, GAP * cadence);
  }
}

/**
 * @param {import("../streaming/history.js").Spans} samples of /history
 * @returns {number[]} their times, without the rows of nulls that mark gaps
 */
export function sampleTimes({ time, mean }) {
  return time.filter((_, row) => Object.values(mean).some((column) => column[row] !== null));
}
