// @ts-check
/**
 * Everything the page knows of the machine: for each host and event a table of recent rows and the
 * newest whole event. The stream writes here; panels only read.
 */
import { flatten } from "./flatten.js";
import { ageLevel, ageLimits, Intervals, INTERVAL_EVENT, patienceFor } from "./intervals.js";
import { TimeSeries } from "./series.js";

/** @typedef {import("../streaming/stream.js").Data} Data */
/** @typedef {import("../streaming/stream.js").Hello} Hello */
/** @typedef {import("../streaming/stream.js").History} History */
/** @typedef {"waiting" | "missing" | "absent" | import("./intervals.js").AgeLevel} Freshness */

/**
 * More rows than this a chart does not get, however long its window and short the interval: that is
 * a few for each pixel, lowest and highest kept.
 */
const ROWS = 3000;

export class Store {
  /**
   * @param {object} options
   * @param {number} options.interval of the server: seconds between samples of the fast families
   * @param {number} options.window seconds to keep
   * @param {Map<string, (key: string) => boolean>} options.wanted for each event to keep, its columns to keep
   */
  constructor({ interval, window, wanted }) {
    this.intervals = new Intervals(interval);
    this.window = window;
    this.wanted = wanted;
    /** All machines that the server knows. @type {string[]} */
    this.hosts = [];
    /** Tables as charts show them while they are held still, by event and host. @type {Map<string, TimeSeries> | null} */
    this.held = null;
    /** The server's time at the first hello: from then on a family can be missed. */
    this.since = NaN;
    /**
     * `loggedTo` is the time of the newest row that the server's log has; `waiting`, whether rows came
     * since that it could not take.
     * @type {Map<string, {host: string, event: string, series: TimeSeries, latest: Data | null, id: string, loggedTo: number, waiting: boolean}>}
     */
    this.entries = new Map();
  }

  /**
   * Replaces what is known, but for what is older than the log: one that was lost, or begun anew, takes
   * nothing off the page that was told before.
   * @param {History} history
   */
  fill(history) {
    const known = this.entries;
    this.entries = new Map();
    // How much room a table needs depends on how often its machine is sampled.
    for (const { event, data } of history.latest) if (event === INTERVAL_EVENT) this.intervals.hear(data);
    for (const [host, events] of Object.entries(history.hosts)) {
      for (const [event, columns] of Object.entries(events)) {
        const wanted = this.wanted.get(event);
        if (!wanted) continue;
        const kept = Object.entries(columns).filter(([key]) => key !== "time" && wanted(key));
        const entry = this.#entry(host, event);
        entry.series.replace(/** @type {number[]} */ (columns.time ?? []), Object.fromEntries(kept));
        entry.loggedTo = entry.series.last ?? -Infinity;
        const before = known.get(key(host, event))?.series;
        if (before) entry.series.precede(before, history.to - this.window, this.intervals.cadence(host, event));
      }
    }
    for (const { id, host, event, data } of history.latest) {
      if (this.wanted.has(event)) Object.assign(this.#entry(host, event), { latest: data, id: id ?? "" });
    }
    for (const [name, entry] of known) {
      const last = Math.max(entry.series.last ?? 0, entry.latest?.time ?? 0);
      // What seems to be from later would look fresh until then.
      const isKept = last >= history.to - this.window && last <= history.to + this.intervals.patience(entry.host, entry.event);
      if (isKept && !this.entries.has(name)) this.entries.set(name, entry);
    }
  }

  /** @param {Hello} hello */
  greet(hello) {
    this.intervals.greet(hello);
    this.#resize();
    this.hosts = hello.hosts ?? [];
    if (Number.isNaN(this.since)) this.since = hello.time;
  }

  /**
   * @param {string} event
   * @param {string} id of this event, or of the one before it while the server cannot write its log
   * @param {Data} data
   * @param {boolean} [logged] false while the server cannot write its log: it will come again, with an id
   * @returns {boolean} whether it was news
   */
  accept(event, id, data, logged = true) {
    const wanted = this.wanted.get(event);
    if (event === INTERVAL_EVENT && this.intervals.hear(data)) this.#resize();
    if (!wanted || typeof data.host !== "string" || typeof data.time !== "number") return false;
    const entry = this.#entry(data.host, event);
    // After a gap the server sends the newest event of each name, which may be one we have.
    // The time counts too: a browser repeats the last id with each event that comes without one.
    if (id === entry.id && data.time === entry.latest?.time) return false;
    const { series } = entry;
    const isLate = logged && entry.waiting && series.last !== null && data.time <= series.last && data.time > entry.loggedTo;
    entry.id = id;
    entry.waiting = !logged || (entry.waiting && isLate && data.time !== series.last);
    if (logged) entry.loggedTo = data.time;
    const cadence = this.intervals.cadence(data.host, event);
    if (isLate) return series.insert(data.time, flatten(data, wanted), cadence);
    series.append(data.time, flatten(data, wanted), cadence);
    entry.latest = data;
    return true;
  }

  /**
   * @param {string} host
   * @returns {number} the age in seconds up to which the quickest of the families that are kept count as fresh
   */
  patienceOfFast(host) {
    return patienceFor(this.#pace(host));
  }

  /**
   * @param {string} event
   * @returns {boolean} whether the server knows no family of that name; false until it has told
   */
  isNoFamily(event) {
    return this.intervals.cadences !== null && !(event in this.intervals.cadences);
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {TimeSeries}
   */
  series(host, event) {
    return this.held?.get(key(host, event)) ?? this.#entry(host, event).series;
  }

  /** What charts show stays as it is, whatever comes, is trimmed or is told anew, until it is let go. */
  hold() {
    this.held ??= new Map([...this.entries].map(([name, { series }]) => [name, series.copy()]));
  }

  letGo() {
    this.held = null;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {Data | null}
   */
  latest(host, event) {
    return this.entries.get(key(host, event))?.latest ?? null;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @returns {number | null} the newest sample's time, by the server's clock
   */
  time(host, event) {
    const entry = this.entries.get(key(host, event));
    return entry?.latest?.time ?? entry?.series.last ?? null;
  }

  /**
   * @param {string} host
   * @param {string} event
   * @param {number} now the server's clock
   * @returns {Freshness}
   */
  freshness(host, event, now) {
    const time = this.time(host, event);
    if (time !== null) return ageLevel(now - time, ageLimits(this.intervals.patience(host, event)));
    if (this.isNoFamily(event)) return "absent";
    return now - this.since > this.intervals.patience(host, event) + 1 ? "missing" : "waiting";
  }

  /**
   * @param {string} host
   * @returns {number | null} the newest sample's time of the quickest families that are kept
   */
  newest(host) {
    let newest = null;
    const pace = this.#pace(host);
    for (const event of this.wanted.keys()) {
      const time = this.intervals.cadence(host, event) <= pace ? this.time(host, event) : null;
      if (time !== null && (newest === null || time > newest)) newest = time;
    }
    return newest;
  }

  /**
   * @param {string} host
   * @param {string} event
   */
  #entry(host, event) {
    const name = key(host, event);
    let entry = this.entries.get(name);
    if (!entry) {
      entry = { host, event, series: new TimeSeries(this.#capacity(host, event), (2 * this.window) / ROWS), latest: null, id: "", loggedTo: -Infinity, waiting: false };
      this.entries.set(name, entry);
    }
    return entry;
  }

  /**
   * @param {string} host
   * @returns {number} seconds: the shortest cadence of what is kept
   */
  #pace(host) {
    return Math.min(...[...this.wanted.keys()].map((event) => this.intervals.cadence(host, event)));
  }

  /**
   * Rows for the window, its gaps, and as much again as /history may send of a finer log.
   * @param {string} host
   * @param {string} event
   */
  #capacity(host, event) {
    return Math.min(ROWS, Math.ceil(this.window / this.intervals.cadence(host, event))) + 700;
  }

  /** Whatever is sampled more often needs more room; what is sampled less often keeps its past. */
  #resize() {
    for (const { host, event, series } of this.entries.values()) series.capacity = Math.max(series.capacity, this.#capacity(host, event));
  }
}

/**
 * @param {string} host
 * @param {string} event
 */
function key(host, event) {
  return `${event}@${host}`;
}
