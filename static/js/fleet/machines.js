// @ts-check
/**
 * All machines of the overview and the state of each; those that the log has forgotten are dropped.
 *
 * Ages go by event ids, which are times by the clock of the log. The time in an event is by the clock of the
 * machine, and one of a thousand clocks is always wrong.
 */
import { applyAlert } from "../panels/alerts.js";
import { ageLevel, ageLimits, Intervals, INTERVAL_EVENT, ofMost, patienceFor } from "../state/intervals.js";
import { GAP } from "../state/series.js";
import { compareLevels, levelOf, rulesOf } from "../ui/thresholds.js";
import { FIGURES, PULSE, RULES, SHARES } from "./figures.js";
import { Host } from "./host.js";

/** @import { Alert } from "../panels/alerts.js" */
/** @import { AgeLevel } from "../state/intervals.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @import { Rule } from "../ui/thresholds.js" */
/** @import { Worst } from "./host.js" */

/** Events by which a machine is judged. */
const JUDGED = new Set([PULSE, ...SHARES.map((name) => FIGURES[name].event)]);

export class Machines {
  /**
   * @param {object} options
   * @param {number} options.interval of the server: seconds between samples
   * @param {number} options.retention seconds after which the log forgets
   * @param {(host: string) => boolean} options.wants true for machines to show
   */
  constructor({ interval, retention, wants }) {
    this.intervals = new Intervals(interval);
    this.retention = retention;
    this.wants = wants;
    /** Seconds of the conflation window, by which an event may be late. */
    this.every = 0;
    /** Cached result of `newest`. @type {{newest: number, patience: number} | null} */
    this.pulse = null;
    /** @type {Map<string, Host>} */
    this.all = new Map();
    /** Incremented when a machine is added or dropped. */
    this.membership = 0;
    /** Rules by host, also of hosts without figures yet. @type {Map<string, Rule[]>} */
    this.rules = new Map();
    /** Open alerts by host, also of hosts without figures yet. @type {Map<string, Map<string, Alert>>} */
    this.alerts = new Map();
  }

  /** @param {number} seconds */
  setEvery(seconds) {
    if (seconds !== this.every) this.#reconsider();
    this.every = seconds;
  }

  /** @param {Hello} hello */
  greet(hello) {
    this.intervals.greet(hello);
    this.#reconsider();
  }

  /**
   * @param {string} event
   * @param {Data} data
   * @param {number} at time at which the log took it, seconds since 1970
   * @returns {boolean} true if the machine is shown
   */
  accept(event, data, at) {
    const { host } = data;
    if (typeof host !== "string" || !this.wants(host)) return false;
    if (event === "alert") {
      this.#alert(host, data);
      return true;
    }
    let machine = this.all.get(host);
    if (event === RULES) {
      // They are said seldom, and are no sign of life.
      this.rules.set(host, rulesOf(data));
      if (machine) Object.assign(machine, { rules: this.rules.get(host), version: machine.version + 1 });
      return false;
    }
    if (!machine) {
      machine = new Host(host, this.#alertsOf(host), this.rules.get(host));
      this.all.set(host, machine);
      this.membership += 1;
    }
    if (event === INTERVAL_EVENT) this.intervals.hear(data);
    machine.hear(event, data, at, GAP * this.intervals.interval(host) + this.every);
    this.pulse = null;
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
   * Drops machines that the log has forgotten.
   * @param {number} now
   */
  forget(now) {
    for (const machine of this.all.values()) {
      if (now - machine.heard <= this.retention) continue;
      this.all.delete(machine.name);
      this.alerts.delete(machine.name);
      this.rules.delete(machine.name);
      this.intervals.forget(machine.name);
      this.membership += 1;
      this.pulse = null;
    }
  }

  /**
   * @param {Host} machine
   * @param {number} now
   * @param {string} [event]
   * @returns {AgeLevel}
   */
  freshness(machine, now, event = PULSE) {
    return ageLevel(now - machine.timeOf(event), this.#limits(event, machine));
  }

  /**
   * @param {string} event
   * @param {Host} machine
   * @returns {{fresh: number, shown: number}} ages, with the conflation window included
   */
  #limits(event, { name, pace }) {
    const cadence = this.intervals.cadence(name, event);
    // Without a known interval the observed one counts.
    return ageLimits(patienceFor(this.intervals.knows(name) ? cadence : Math.max(cadence, pace)), this.every);
  }

  /** @returns {{newest: number, patience: number} | null} time at which the log took the newest sample of all, and the age up to which it is fresh; seconds */
  get newest() {
    if (this.all.size && !this.pulse) {
      const all = [...this.all.values()];
      const newest = all.reduce((latest, { seen }) => Math.max(latest, seen), 0);
      this.pulse = { newest, patience: ofMost(all.map((machine) => this.#limits(PULSE, machine).fresh)) };
    }
    return this.pulse;
  }

  /**
   * @param {Host} machine
   * @param {string} name of a figure
   * @param {number} now
   * @returns {number | null} null if there is none that is still shown; call `judge` before
   */
  value(machine, name, now) {
    const value = machine.values.get(name) ?? null;
    if (value === null) return null;
    return machine.freshness === "gone" || this.freshness(machine, now, FIGURES[name].event) === "gone" ? null : value;
  }

  /**
   * Updates freshness and worst figure of each machine. A result holds until an event comes or a figure grows
   * too old, so that most of a thousand machines are skipped in most seconds.
   * @param {number} now
   */
  judge(now) {
    for (const machine of this.all.values()) {
      const { version, from, until } = machine.judged;
      if (version === machine.version && now >= from && now <= until) continue;
      machine.freshness = this.freshness(machine, now);
      machine.worst = this.#worst(machine, now);
      machine.judged = { version: machine.version, from: now, until: this.#until(machine, now) };
    }
  }

  /**
   * @param {Host} machine
   * @param {number} now
   * @returns {number} time up to which its figures keep their freshness without new events
   */
  #until(machine, now) {
    let until = Infinity;
    for (const event of JUDGED) {
      const at = machine.timeOf(event);
      const { fresh, shown } = this.#limits(event, machine);
      for (const end of [at + fresh, at + shown]) if (end >= now && end < until) until = end;
    }
    return until;
  }

  /** Discards all results: the limits of ages have changed. */
  #reconsider() {
    this.pulse = null;
    for (const machine of this.all.values()) machine.judged.version = -1;
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
      const level = levelOf(FIGURES[name].items ?? name, null, value, machine.rules);
      if (worst === null || compareLevels(level, worst.level) > 0 || (level === worst.level && value > worst.value)) worst = { name, value, level };
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
    applyAlert(this.#alertsOf(host), data);
    this.#touch(host);
  }

  /** @param {string} host */
  #touch(host) {
    const machine = this.all.get(host);
    if (machine) machine.version += 1;
  }
}
