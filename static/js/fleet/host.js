// @ts-check
/** Machine of the overview: its newest figures, the times at which the log took them, and its open alerts. */
import { byGravity } from "../panels/alerts.js";
import { FIGURES, PULSE } from "./figures.js";

/** @import { Alert } from "../panels/alerts.js" */
/** @import { AgeLevel } from "../state/intervals.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Level, Rule } from "../ui/thresholds.js" */
/** @typedef {{name: string, value: number, level: Level}} Worst figure beyond its threshold, else the highest */

/** Names of figures by family. @type {Map<string, string[]>} */
const NAMES = new Map();
for (const [name, { event }] of Object.entries(FIGURES)) NAMES.set(event, [...(NAMES.get(event) ?? []), name]);

export class Host {
  /**
   * @param {string} name
   * @param {Map<string, Alert>} alerts
   * @param {readonly Rule[]} [rules] by which its figures are judged
   */
  constructor(name, alerts, rules = []) {
    this.name = name;
    this.alerts = alerts;
    this.rules = rules;
    /** First of its tags. */
    this.group = "";
    /** Newest figures, by name. @type {Map<string, number | null>} */
    this.values = new Map();
    /** Times at which the log took the newest event of each family, seconds since 1970. @type {Map<string, number>} */
    this.times = new Map();
    /** Observed seconds between its samples, if longer than the interval of the server; else 0. */
    this.pace = 0;
    /** Seconds between the two samples before; one long silence is no interval. */
    this.before = 0;
    /** Incremented with every change, so that drawing can skip unchanged machines. */
    this.version = 0;
    /** Result of the last `judge`. @type {AgeLevel} */
    this.freshness = "gone";
    /** Result of the last `judge`. @type {Worst | null} */
    this.worst = null;
    /** Judged version, and the time for which the result holds, seconds since 1970. */
    this.judged = { version: -1, from: 0, until: 0 };
  }

  /** @returns {number} time at which the log took its newest sample */
  get seen() {
    return this.times.get(PULSE) ?? this.heard;
  }

  /**
   * @param {string} event
   * @returns {number} time at which the log took the newest one, 0 if never
   */
  timeOf(event) {
    return event === PULSE ? this.seen : (this.times.get(event) ?? 0);
  }

  /** @returns {number} time at which the log took its newest event */
  get heard() {
    return Math.max(0, ...this.times.values());
  }

  /** @returns {Alert | null} gravest open alert that nobody has acknowledged or silenced, the oldest of equals */
  get alert() {
    let worst = null;
    for (const alert of this.alerts.values()) if (!alert.known && (worst === null || byGravity(alert, worst) < 0)) worst = alert;
    return worst;
  }

  /**
   * @param {string} event
   * @param {Data} data
   * @param {number} at time at which the log took it, seconds since 1970
   * @param {number} usual most seconds between two samples of a machine with the interval of the server
   */
  hear(event, data, at, usual) {
    if (event === PULSE) this.#measure(at, usual);
    this.times.set(event, at);
    this.version += 1;
    if (event === "system") this.group = firstTag(data.tags);
    else for (const name of NAMES.get(event) ?? []) this.values.set(name, FIGURES[name].read(data));
  }

  /**
   * Observes the interval of a machine that samples less often than the server.
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
