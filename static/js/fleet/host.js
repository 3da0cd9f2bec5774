// @ts-check
/** One machine of many: its newest figures, when the log took them, and its open alerts. No past. */
import { byGravity } from "../panels/alerts.js";
import { FIGURES, PULSE } from "./figures.js";

/** @typedef {import("../ui/thresholds.js").Level} Level */
/** @typedef {import("../state/store.js").Data} Data */
/** @typedef {import("../state/intervals.js").AgeLevel} AgeLevel */
/** @typedef {import("../panels/alerts.js").Alert} Alert */
/** @typedef {{name: string, value: number, level: Level}} Worst the figure that is worst off: beyond its limit, then the highest */

/** The figures of each family. @type {Map<string, string[]>} */
const NAMES = new Map();
for (const [name, { event }] of Object.entries(FIGURES)) NAMES.set(event, [...(NAMES.get(event) ?? []), name]);

export class Host {
  /**
   * @param {string} name
   * @param {Map<string, Alert>} alerts
   */
  constructor(name, alerts) {
    this.name = name;
    this.alerts = alerts;
    /** The first of its tags. */
    this.group = "";
    /** Newest figures, by name. @type {Map<string, number | null>} */
    this.values = new Map();
    /** When the log took the newest event of each family, seconds since 1970. @type {Map<string, number>} */
    this.times = new Map();
    /** Seconds between its samples as they come, should that be longer than what the server tells of its own. */
    this.pace = 0;
    /** The pace before, so that one silence is not taken for a habit. */
    this.before = 0;
    /** Counts up with whatever is new, so that who draws sees what he has drawn already. */
    this.version = 0;
    /** As judged last. @type {AgeLevel} */
    this.freshness = "gone";
    /** The same. @type {Worst | null} */
    this.worst = null;
    /** Which version was judged, and from when until when that holds, seconds since 1970. */
    this.judged = { version: -1, from: 0, until: 0 };
  }

  /** @returns {number} when the log took its newest sample */
  get seen() {
    return this.times.get(PULSE) ?? this.heard;
  }

  /**
   * @param {string} event
   * @returns {number} when the log took its newest one, 0 if never
   */
  timeOf(event) {
    return event === PULSE ? this.seen : (this.times.get(event) ?? 0);
  }

  /** @returns {number} when the log took anything of it last */
  get heard() {
    return Math.max(0, ...this.times.values());
  }

  /** @returns {Alert | null} the gravest that is open, the oldest of those */
  get alert() {
    let worst = null;
    for (const alert of this.alerts.values()) if (worst === null || byGravity(alert, worst) < 0) worst = alert;
    return worst;
  }

  /**
   * @param {string} event
   * @param {Data} data
   * @param {number} at when the log took it, seconds since 1970
   * @param {number} usual seconds between two samples, at most, of a machine that samples as the server does
   */
  hear(event, data, at, usual) {
    if (event === PULSE) this.#measure(at, usual);
    this.times.set(event, at);
    this.version += 1;
    if (event === "system") this.group = firstTag(data.tags);
    else for (const name of NAMES.get(event) ?? []) this.values.set(name, FIGURES[name].read(data));
  }

  /**
   * A machine may sample less often than the server does, which its samples show.
   * @param {number} at
   * @param {number} usual
   */
  #measure(at, usual) {
    const last = this.times.get(PULSE);
    if (last === undefined || at <= last) return;
    const apart = at - last;
    const slow = apart > usual;
    this.pace = slow && this.before > 0 ? Math.min(apart, this.before) : 0;
    this.before = slow ? apart : 0;
  }
}

/** @param {unknown} tags */
function firstTag(tags) {
  return Array.isArray(tags) && typeof tags[0] === "string" ? tags[0] : "";
}
