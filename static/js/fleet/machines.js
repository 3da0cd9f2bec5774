// @ts-check
/**
 * What the overview knows of each machine: its newest figures, when the log took them, and its open
 * alerts. No past; nothing of a machine that the log has forgotten.
 *
 * Ages are told by ids, which are times by the clock of the log. The time in an event is that of the
 * machine's own clock, and one of a thousand is always wrong.
 */
import { GAP } from "../table.js";
import { FIGURES, PULSE, SHARES } from "./figures.js";
import { levelOf } from "../levels.js";

/** @typedef {import("../levels.js").Level} Level */
/** @typedef {import("../store.js").Data} Data */
/** @typedef {import("../store.js").Hello} Hello */
/** @typedef {"fresh" | "stale" | "gone"} Freshness */
/** @typedef {"critical" | "warning" | "info"} Severity */
/** @typedef {{name: string, level: Severity, message: string, since: number}} OpenAlert */
/** @typedef {{name: string, value: number, level: Level}} Worst the figure that is worst off: beyond its limit, then the highest */

export const SEVERITIES = /** @type {const} */ (["critical", "warning", "info"]);

/** The slow families' cadences, until the server's hello tells the real ones. */
const SLOW = { filesystem: 10, system: 60 };

/** Figures are shown no more after so many of their intervals. */
const GONE = 10;

/** Under so many seconds a late figure is delivery and not silence, however short the interval. */
const LEAST_PATIENCE = 1;

export class Host {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** The first of its tags. */
    this.group = "";
    /** Newest figures, by name. @type {Map<string, number | null>} */
    this.values = new Map();
    /** When the log took the newest event of each family, seconds since 1970. @type {Map<string, number>} */
    this.times = new Map();
    /** @type {Map<string, OpenAlert>} */
    this.alerts = new Map();
    /** Seconds between its samples as they come, should that be longer than what the server tells of its own. */
    this.pace = 0;
    /** The pace before, so that one silence is not taken for a habit. */
    this.before = 0;
    /** Counts up with whatever is new, so that who draws sees what he has drawn already. */
    this.version = 0;
    /** As judged last. @type {Freshness} */
    this.freshness = "gone";
    /** The same. @type {Worst | null} */
    this.worst = null;
  }

  /** @returns {number} when the log took its newest sample */
  get seen() {
    return this.times.get(PULSE) ?? Math.max(0, ...this.times.values());
  }

  /** @returns {OpenAlert | null} the gravest that is open, the oldest of those */
  get alert() {
    let worst = null;
    for (const alert of this.alerts.values()) if (worst === null || graver(alert, worst)) worst = alert;
    return worst;
  }
}

export class Machines {
  /**
   * @param {object} options
   * @param {number} options.interval seconds between samples
   * @param {number} options.retention seconds after which the log forgets
   * @param {(host: string) => boolean} options.wants which machines are shown
   */
  constructor({ interval, retention, wants }) {
    this.interval = interval;
    this.retention = retention;
    this.wants = wants;
    /** Seconds by which what comes may have waited for the rest of its period. */
    this.every = 0;
    /** @type {Record<string, number>} */
    this.cadences = {};
    /** @type {Map<string, Host>} */
    this.all = new Map();
    /** Counts up when a machine comes or goes. */
    this.membership = 0;
    /** Alerts of hosts without figures wait for them. @type {Map<string, Map<string, OpenAlert>>} */
    this.alerts = new Map();
  }

  /** @param {Hello} hello */
  greet(hello) {
    if (hello.interval) this.interval = hello.interval;
    this.cadences = hello.cadences ?? {};
  }

  /**
   * @param {string} event
   * @param {Data} data
   * @param {number} at when the log took it, seconds since 1970
   * @returns {boolean} whether it is shown
   */
  accept(event, data, at) {
    const { host } = data;
    if (typeof host !== "string" || !this.wants(host)) return false;
    if (event === "alert") {
      this.#alert(host, data);
      return true;
    }
    let machine = this.all.get(host);
    if (!machine) {
      machine = new Host(host);
      machine.alerts = this.#alertsOf(host);
      this.all.set(host, machine);
      this.membership += 1;
    }
    if (event === PULSE) this.#pace(machine, at);
    machine.times.set(event, at);
    machine.version += 1;
    if (event === "system") machine.group = firstTag(data.tags);
    else for (const name of NAMES.get(event) ?? []) machine.values.set(name, FIGURES[name].read(data));
    return true;
  }

  /** @param {Data[]} alerts all that are open */
  setAlerts(alerts) {
    for (const [host, open] of this.alerts) {
      if (open.size) this.#touch(host);
      open.clear();
    }
    for (const data of alerts) if (typeof data.host === "string" && this.wants(data.host)) this.#alert(data.host, data);
  }

  /**
   * What the log has forgotten is forgotten here.
   * @param {number} now
   */
  forget(now) {
    for (const machine of this.all.values()) {
      if (now - Math.max(0, ...machine.times.values()) <= this.retention) continue;
      this.all.delete(machine.name);
      this.alerts.delete(machine.name);
      this.membership += 1;
    }
  }

  /**
   * @param {Host} machine
   * @param {number} now
   * @param {string} [event]
   * @returns {Freshness}
   */
  freshness(machine, now, event = PULSE) {
    const at = event === PULSE ? machine.seen : (machine.times.get(event) ?? 0);
    const age = now - at;
    if (age <= this.patience(event, machine.pace)) return "fresh";
    return age - this.every <= ((this.patience(event, machine.pace) - this.every) * GONE) / GAP ? "stale" : "gone";
  }

  /**
   * @param {string} event
   * @param {number} [pace] of a machine that samples less often than the server does, seconds
   * @returns {number} the age up to which its figures count as fresh, on their way included, seconds
   */
  patience(event, pace = 0) {
    const slow = SLOW[/** @type {keyof typeof SLOW} */ (event)] ?? 0;
    const cadence = Math.max(this.interval, pace, this.cadences[event] ?? slow);
    return Math.max(GAP * cadence, LEAST_PATIENCE) + this.every;
  }

  /**
   * @param {Host} machine
   * @param {string} name of a figure
   * @param {number} now
   * @returns {number | null} null where there is none that still counts; the machine has been judged
   */
  value(machine, name, now) {
    const value = machine.values.get(name) ?? null;
    if (value === null) return null;
    return machine.freshness === "gone" || this.freshness(machine, now, FIGURES[name].event) === "gone" ? null : value;
  }

  /** @param {number} now */
  judge(now) {
    for (const machine of this.all.values()) {
      machine.freshness = this.freshness(machine, now);
      machine.worst = this.#worst(machine, now);
    }
  }

  /**
   * @param {Host} machine
   * @param {number} now
   * @returns {Worst | null}
   */
  #worst(machine, now) {
    if (machine.freshness === "gone") return null;
    let worst = null;
    for (const name of SHARES) {
      const value = this.value(machine, name, now);
      if (value === null) continue;
      const level = levelOf(name, value);
      if (worst === null || RANKS[level] > RANKS[worst.level] || (level === worst.level && value > worst.value)) worst = { name, value, level };
    }
    return worst;
  }

  /** @param {string} host */
  #alertsOf(host) {
    let open = this.alerts.get(host);
    if (!open) {
      open = new Map();
      this.alerts.set(host, open);
    }
    return open;
  }

  /**
   * @param {string} host
   * @param {Data} data
   */
  #alert(host, data) {
    const name = String(data.alert);
    const open = this.#alertsOf(host);
    if (data.state === "cleared") open.delete(name);
    else {
      const level = /** @type {Severity} */ (SEVERITIES.find((one) => one === data.level) ?? "warning");
      open.set(name, { name, level, message: String(data.message ?? name), since: Number(data.since ?? data.time) });
    }
    this.#touch(host);
  }

  /** @param {string} host */
  #touch(host) {
    const machine = this.all.get(host);
    if (machine) machine.version += 1;
  }

  /**
   * A machine may sample less often than the server does, which its samples show.
   * @param {Host} machine
   * @param {number} at
   */
  #pace(machine, at) {
    const last = machine.times.get(PULSE);
    if (last === undefined || at <= last) return;
    const apart = at - last;
    const slow = apart > GAP * this.interval + this.every;
    machine.pace = slow && machine.before > 0 ? Math.min(apart, machine.before) : 0;
    machine.before = slow ? apart : 0;
  }
}

/** The figures of each family. */
const NAMES = new Map();
for (const [name, { event }] of Object.entries(FIGURES)) NAMES.set(event, [...(NAMES.get(event) ?? []), name]);

/** @type {Record<Level, number>} */
const RANKS = { "": 0, high: 1, critical: 2 };

/**
 * @param {OpenAlert} one
 * @param {OpenAlert} other
 */
function graver(one, other) {
  const apart = SEVERITIES.indexOf(one.level) - SEVERITIES.indexOf(other.level);
  return apart < 0 || (apart === 0 && one.since < other.since);
}

/** @param {unknown} tags */
function firstTag(tags) {
  return Array.isArray(tags) && typeof tags[0] === "string" ? tags[0] : "";
}
