// @ts-check
/**
 * Store of a page: for each host and event a time series of recent rows and the newest event. Subscriptions write,
 * panels read.
 */
import { flatten } from "./flatten.js";
import { ageLevel, ageLimits, Intervals, INTERVAL_EVENT, patienceFor, whyMissing } from "./intervals.js";
import { Published, sampleTimes } from "./published.js";
import { TimeSeries } from "./series.js";

/** @import { Data, History } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @typedef {"waiting" | "missing" | "absent" | import("./intervals.js").AgeLevel} Freshness */

/** Most samples of a chart, a few for each pixel; where a window would have more, so many spans. */
const SAMPLES = 3000;
const SPANS = 300;

/** Seconds for which what a log has lost stays even in a shorter window: limits of figures are said every ten minutes. */
const MEMORY = 900;

/** What the past does not have. */
const NONE = new TimeSeries(0);

export class Store {
  /**
   * @param {object} options
   * @param {number} options.interval of the server: seconds between samples of the fast families
   * @param {number} options.window seconds to keep
   * @param {Map<string, (key: string) => boolean>} options.wanted columns to keep, by event
   * @param {ReadonlyMap<string, number | null>} [options.published] events that no machine samples, and their declared cadence in seconds
   */
  constructor({ interval, window, wanted, published = new Map() }) {
    this.published = new Published(published);
    this.intervals = new Intervals(interval);
    this.window = window;
    this.wanted = wanted;
    /** Machines that the server knows. @type {string[]} */
    this.hosts = [];
    /** Copies that charts show while they are held, by event and host. @type {Map<string, TimeSeries> | null} */
    this.held = null;
    this.filled = false;
    /** Time of the first hello, from which on a family can be overdue. */
    this.since = NaN;
    /**
     * `loggedTo` is the time of the newest logged row; `waiting` is true if there are newer ones, which may come again.
     * @type {Map<string, {host: string, event: string, series: TimeSeries, latest: Data | null, id: string, loggedTo: number, waiting: boolean}>}
     */
    this.entries = new Map();
  }

  /**
   * Replaces all rows by those of history, and keeps what it lacks: a log that was lost removes nothing from the page.
   * @param {History} history
   */
  fill(history) {
    const known = this.entries;
    this.entries = new Map();
    this.filled = true;
    // The capacity of a series depends on the interval of its machine.
    for (const { event, data } of history.latest) if (event === INTERVAL_EVENT) this.intervals.hear(data);
    const newest = new Map(history.latest.map(({ host, event, data }) => [key(host, event), data.time]));
    for (const [host, events] of Object.entries(history.hosts)) {
      for (const [event, columns] of Object.entries(events)) {
        const wanted = this.wanted.get(event);
        if (!wanted) continue;
        const entry = this.#entry(host, event);
        const last = newest.get(key(host, event));
        if (!columns.span) this.published.hear(host, event, sampleTimes(columns));
        else if (last) this.published.hear(host, event, [last]);
        entry.series.replace(columns, wanted, last, this.cadence(host, event));
        entry.loggedTo = entry.series.last ?? -Infinity;
      }
    }
    for (const { id, host, event, data } of history.latest) {
      if (this.wanted.has(event)) Object.assign(this.#entry(host, event), { latest: data, id: id ?? "" });
    }
    const from = history.to - this.window;
    for (const [name, before] of known) {
      const { host, event, series, latest, id } = before;
      // Rows from the future would look fresh until then.
      const to = history.to + this.patience(host, event);
      const time = latest?.time ?? 0;
      const last = Math.max(series.last ?? 0, time);
      const entry = this.entries.get(name);
      if (entry) {
        entry.series.keep(series, from, to, this.cadence(host, event));
        entry.waiting = Number(entry.series.last) > entry.loggedTo;
        if (time > (entry.latest?.time ?? 0) && time <= to) Object.assign(entry, { latest, id });
      } else if (last >= Math.min(from, history.to - MEMORY) && last <= to) this.entries.set(name, before);
    }
  }

  /** @param {Hello} hello */
  greet(hello) {
    this.intervals.greet(hello);
    this.#resize();
    this.hosts = hello.hosts ?? [];
    this.published.sourceCadences = hello.source_cadences ?? {};
    if (Number.isNaN(this.since)) this.since = hello.time;
  }

  /**
   * @param {string} event
   * @param {string} id of this event, or of the one before it if it was not logged
   * @param {Data} data
   * @param {boolean} [logged] false: not logged yet; it comes again with an id
   * @returns {boolean} true if it was new
   */
  accept(event, id, data, logged = true) {
    const wanted = this.wanted.get(event);
    if (event === INTERVAL_EVENT && this.intervals.hear(data)) this.#resize();
    if (!wanted || typeof data.host !== "string" || typeof data.time !== "number") return false;
    const entry = this.#entry(data.host, event);
    // After a gap the server sends the newest event of each name, which may be known.
    // The time counts too: a browser repeats the last id with each event that comes without one.
    if (id === entry.id && data.time === entry.latest?.time) return false;
    const { series } = entry;
    const isLate = logged && entry.waiting && series.last !== null && data.time <= series.last && data.time > entry.loggedTo;
    entry.id = id;
    entry.waiting = !logged || (entry.waiting && isLate && data.time !== series.last);
    if (logged) entry.loggedTo = data.time;
    this.published.hear(data.host, event, [data.time]);
    const cadence = this.cadence(data.host, event);
    if (isLate) return series.insert(data.time, flatten(data, wanted), cadence);
    series.append(data.time, flatten(data, wanted), cadence);
    entry.latest = data;
    return true;
  }

  /** @type {(host: string, event: string) => number} seconds between two events; Infinity if a published one has come once */
  cadence(host, event) {
    return this.published.has(event) ? this.published.cadence(host, event) : this.intervals.cadence(host, event);
  }

  /** @type {(host: string, event: string) => number} age in seconds up to which its figures are fresh */
  patience(host, event) {
    return this.published.has(event) ? this.published.patience(host, event) : this.intervals.patience(host, event);
  }

  /** @type {(host: string) => number} age in seconds up to which the quickest families of the store are fresh */
  patienceOfFast(host) {
    return patienceFor(this.#pace(host));
  }

  /** @type {(host: string, event: string) => TimeSeries} that charts draw */
  series(host, event) {
    return this.held ? (this.held.get(key(host, event)) ?? NONE) : this.#entry(host, event).series;
  }

  /**
   * Freezes the series that charts read, until `letGo`; or replaces what is frozen.
   * @param {Map<string, TimeSeries>} [past] another stretch, by `key`; default: what is there
   */
  hold(past) {
    if (past) this.held = past;
    else this.held ??= new Map([...this.entries].map(([name, { series }]) => [name, series.copy()]));
  }

  letGo() {
    this.held = null;
  }

  /** @type {(host: string) => number | null} time of the oldest row; null before the past was loaded, and without any */
  oldest(host) {
    const firsts = this.filled ? [...this.entries.values()].filter((entry) => entry.host === host).map(({ series }) => series.times[0] ?? Infinity) : [];
    const oldest = Math.min(...firsts);
    return oldest === Infinity ? null : oldest;
  }

  /** @type {(host: string, event: string) => Data | null} */
  latest(host, event) {
    return this.entries.get(key(host, event))?.latest ?? null;
  }

  /** @type {(host: string, event: string) => number | null} time of the newest sample, by the server's clock */
  time(host, event) {
    const entry = this.entries.get(key(host, event));
    return entry?.latest?.time ?? entry?.series.last ?? null;
  }

  /** @type {(host: string, event: string, now: number) => Freshness} now by the server's clock */
  freshness(host, event, now) {
    const time = this.time(host, event);
    if (time !== null) return ageLevel(now - time, ageLimits(this.patience(host, event)));
    if (this.published.has(event)) return "waiting";
    const { cadences } = this.intervals;
    if (whyMissing(this.latest(host, INTERVAL_EVENT), event) !== null || (cadences !== null && !Object.hasOwn(cadences, event))) return "absent";
    return now - this.since > this.patience(host, event) + 1 ? "missing" : "waiting";
  }

  /** @type {(host: string) => number | null} time of the newest sample of the quickest families of the store */
  newest(host) {
    let newest = null;
    const pace = this.#pace(host);
    for (const event of this.#sampled()) {
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
      entry = { host, event, series: new TimeSeries(this.#capacity(host, event), this.#span(host, event)), latest: null, id: "", loggedTo: -Infinity, waiting: false };
      this.entries.set(name, entry);
    }
    return entry;
  }

  /** @type {(host: string) => number} shortest cadence of the kept families, seconds */
  #pace(host) {
    return Math.min(...this.#sampled().map((event) => this.intervals.cadence(host, event)));
  }

  /** Kept families: their samples show that a machine is there. */
  #sampled() {
    return [...this.wanted.keys()].filter((event) => !this.published.has(event));
  }

  /** @type {(host: string, event: string) => number} rows of the window, with room for gaps and for a finer history */
  #capacity(host, event) {
    return Math.min(SAMPLES, Math.ceil(this.window / this.intervals.cadence(host, event))) + 700;
  }

  /** @type {(host: string, event: string) => number} seconds that become one row; 0: all samples are kept */
  #span(host, event) {
    return this.window / this.intervals.cadence(host, event) > SAMPLES ? this.window / SPANS : 0;
  }

  /** Grows and coarsens series whose machines are sampled more often than before; none shrinks. */
  #resize() {
    for (const { host, event, series } of this.entries.values()) {
      series.capacity = Math.max(series.capacity, this.#capacity(host, event));
      if (!series.span && this.#span(host, event)) series.coarsen(this.#span(host, event));
    }
  }
}

/** @type {(host: string, event: string) => string} name of a series */
export function key(host, event) {
  return `${event}@${host}`;
}
