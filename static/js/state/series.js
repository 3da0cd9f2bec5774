// @ts-check
/**
 * Newest rows of one family of one host: times, and columns in step with them.
 *
 * The size is bounded: arrays grow a tenth over the capacity and are then cut back to it, so that a row costs one
 * push, and a page that stays open for months does not grow.
 *
 * Where samples are denser than a chart can show a row is a span of time: its middle, the mean of each column, and
 * beside it, in `bands`, the lowest and the highest value; as `form=spans` of /history.
 *
 * A silence of more than three cadences becomes a row of nulls, at which charts break their line.
 */

import { OpenSpan } from "./open_span.js";

/** Most columns; a host has one for each core and mount. */
const MOST_COLUMNS = 512;

/** Growth over the capacity before a cut, which moves all rows that stay. */
const SLACK = 1.1;

/** Missed samples after which a silence is a gap and not jitter. */
export const GAP = 3;

/** @typedef {(number | null)[]} Column */
/** @typedef {Map<string, Column>} Columns */
/** @typedef {Map<string, number | null>} Row */
/** @import { Spans } from "../streaming/history.js" */

const NOTHING = new Map();

export class TimeSeries {
  /**
   * @param {number} capacity rows
   * @param {number} [span] seconds that become one row; 0: keep all samples
   */
  constructor(capacity, span = 0) {
    this.capacity = capacity;
    this.span = span;
    /** @type {number[]} */
    this.times = [];
    /** Samples, or means. @type {Columns} */
    this.columns = new Map();
    /** Lowest and highest values, once a row is a span. @type {{low: Columns, high: Columns} | null} */
    this.bands = null;
    /** @type {OpenSpan | null} */
    this.open = null;
  }

  /** @returns {TimeSeries} independent copy */
  copy() {
    const copy = new TimeSeries(this.capacity, this.span);
    copy.times = [...this.times];
    copy.columns = copied(this.columns);
    copy.bands = this.bands && { low: copied(this.bands.low), high: copied(this.bands.high) };
    return copy;
  }

  /** @returns {number | null} time of the newest sample */
  get last() {
    return this.open?.end ?? this.times.at(-1) ?? null;
  }

  /**
   * Replaces all rows; gaps are rows of nulls already.
   * @param {Spans} spans with ascending times
   * @param {(key: string) => boolean} [wanted] columns
   * @param {number} [newest] time of the newest sample in them; later ones may belong to the last span
   * @param {number} [cadence] seconds between samples
   */
  replace({ span = 0, time, mean, low = mean, high = mean }, wanted = () => true, newest = NaN, cadence = 1) {
    const [from, start] = [Math.max(0, time.length - this.capacity), time.at(-1) ?? NaN];
    this.span = span || this.span;
    this.times = time.slice(from).map((each) => each + span / 2);
    const keys = Object.keys(mean).filter(wanted).slice(0, MOST_COLUMNS);
    const [means, lows, highs] = [mean, low, high].map((columns) => new Map(keys.map((key) => [key, columns[key].slice(from)])));
    this.columns = means;
    this.bands = span > 0 ? { low: lows, high: highs } : null;
    this.open = span > 0 && newest >= start ? new OpenSpan(start, newest, 1 + (newest - start) / cadence) : null;
    if (this.open) this.times[this.times.length - 1] = this.open.middle;
  }

  /** Makes samples from now on share rows. @param {number} span seconds */
  coarsen(span) {
    this.span = span;
    this.bands ??= { low: copied(this.columns), high: copied(this.columns) };
  }

  /**
   * Adds the rows of an older series, from a time until another, that this one lacks; not what a span of one covers. History rounds to milliseconds.
   * @type {(older: TimeSeries, from: number, to: number, cadence: number) => void}
   */
  keep(older, from, to, cadence) {
    const [size, width] = [this.times.length, Math.max(this.#width, older.#width)];
    const reach = width / 2 + 0.0006;
    const times = [...this.times, ...older.times];
    const empty = times.map((_, at) => (at < size ? this.#isEmpty(at) : older.#isEmpty(at - size)));
    /** Places among `times`; ~at is a row of nulls behind one. @type {number[]} */
    const rows = [];
    /** @type {(at: number) => void} */
    const put = (at) => {
      // Gaps on both sides of what is added are marked anew.
      while (at >= size && empty[rows[rows.length - 1]]) rows.pop();
      const last = rows.at(-1) ?? at;
      if (Math.max(last, at) < size) rows.push(at);
      else if (!empty[at]) rows.push(...(times[at] - times[last] > GAP * Math.max(cadence, width) ? [~last, at] : [at]));
    };
    for (let at = size, next = 0; at <= times.length; at += 1) {
      const time = times[at];
      for (; next < size && (empty[next] || !(times[next] >= time - reach)); next += 1) put(next);
      if (time >= from && time <= to && (next === size || times[next] > time + reach) && !empty[at]) put(at);
    }
    if (!rows.some((at) => at >= size)) return;
    const last = rows[rows.length - 1];
    if (last >= size) this.open = last < times.length - 1 ? null : older.open;
    if (older.bands) this.coarsen(this.span);
    this.#widen(older.columns);
    this.times = rows.map((at) => times[at] ?? times[~at] + cadence);
    this.#all().forEach((columns, index) => {
      columns.forEach((column, key) => {
        const both = [...column, ...((older.#all()[index] ?? older.columns).get(key) ?? [])];
        columns.set(key, rows.map((at) => both[at] ?? null));
      });
    });
    if (this.times.length > this.capacity) this.#trim();
  }

  /** @type {(time: number, row: Row, cadence: number) => void} time in seconds since 1970, cadence in seconds between samples */
  append(time, row, cadence) {
    // The server's clock was set back: rows from the future would bend the chart back on itself, so they are replaced.
    for (; this.last !== null && this.last >= time; this.open = null) this.#remove(this.times.length - 1);
    if (this.last !== null && time - this.last > GAP * cadence) {
      this.#put(this.times.length, this.last + cadence, NOTHING);
      this.open = null;
    }
    if (this.open && time < this.open.start + this.span) {
      this.open.end = time;
      this.times[this.times.length - 1] = this.open.middle;
      this.#blend(this.times.length - 1, row, this.open);
    } else {
      this.#put(this.times.length, time, row);
      this.open = this.span > 0 ? new OpenSpan(time) : null;
    }
    if (this.times.length >= SLACK * this.capacity) this.#trim();
  }

  /**
   * Inserts a row that was delayed while the log was away; it may be known already. Returns true if it was missing.
   * @type {(time: number, row: Row, cadence: number) => boolean} time not after that of the newest row
   */
  insert(time, row, cadence) {
    let at = this.#place(time);
    if (this.times[at] === time && !this.#isEmpty(at)) return false;
    const near = [at - 1, at].find((each) => Math.abs(this.times[each] - time) <= this.span / 2 && !this.#isEmpty(each));
    if (near !== undefined) this.#blend(near, row, null);
    else {
      const silence = GAP * Math.max(cadence, this.#width);
      while (at > 0 && this.#isEmpty(at - 1)) this.#remove((at -= 1));
      while (at < this.times.length && this.#isEmpty(at)) this.#remove(at);
      this.#put(at, time, row);
      if (this.times[at + 1] - time > silence) this.#put(at + 1, time + cadence, NOTHING);
      if (time - this.times[at - 1] > silence) this.#put(at, this.times[at - 1] + cadence, NOTHING);
    }
    if (this.times.length >= SLACK * this.capacity) this.#trim();
    return true;
  }

  /** @type {(time: number) => number} index at which it would be inserted */
  #place(time) {
    let at = this.times.length;
    while (at > 0 && this.times[at - 1] >= time) at -= 1;
    return at;
  }

  /**
   * Returns the rows from a time on, and one before it so that a line reaches the edge of the chart.
   * @param {number} from seconds since 1970
   * @param {string[]} keys
   * @param {Columns} [columns] default: samples or means
   * @returns {[number[], ...Column[]]} times, then a column for each key
   */
  since(from, keys, columns = this.columns) {
    const start = Math.max(0, this.#place(from) - 1);
    const times = this.times.slice(start);
    return [times, ...keys.map((key) => columns.get(key)?.slice(start) ?? times.map(() => null))];
  }

  /** @returns {number} seconds of a row */
  get #width() {
    return this.bands ? this.span : 0;
  }

  /** @returns {Columns[]} all, in step */
  #all() {
    return this.bands ? [this.columns, this.bands.low, this.bands.high] : [this.columns];
  }

  /** @type {(at: number, time: number, row: Row) => void} */
  #put(at, time, row) {
    this.#widen(row);
    this.times.splice(at, 0, time);
    for (const columns of this.#all()) for (const [key, column] of columns) column.splice(at, 0, row.get(key) ?? null);
  }

  /** @param {Row | Columns} row whose columns are made where they are missing */
  #widen(row) {
    for (const key of row.keys()) {
      if (!this.columns.has(key) && this.columns.size < MOST_COLUMNS) for (const columns of this.#all()) columns.set(key, this.times.map(() => null));
    }
  }

  /** Adds a sample to a row that is a span, whose mean stays without an open span. @type {(at: number, row: Row, open: OpenSpan | null) => void} */
  #blend(at, row, open) {
    this.coarsen(this.span);
    this.#widen(row);
    for (const [key, value] of row) {
      const [mean, low, high] = this.#all().map((columns) => columns.get(key));
      if (value === null || !mean || !low || !high) continue;
      low[at] = Math.min(low[at] ?? value, value);
      high[at] = Math.max(high[at] ?? value, value);
      mean[at] = open ? open.mean(key, mean[at], value) : (mean[at] ?? value);
    }
  }

  /** @type {(at: number) => void} */
  #remove(at) {
    this.times.splice(at, 1);
    for (const columns of this.#all()) for (const column of columns.values()) column.splice(at, 1);
  }

  /** @param {number} at */
  #isEmpty(at) {
    return [...this.columns.values()].every((column) => column[at] === null);
  }

  #trim() {
    const surplus = this.times.length - this.capacity;
    this.times.splice(0, surplus);
    for (const columns of this.#all()) for (const [key, column] of columns) {
      column.splice(0, surplus);
      // The column of a removed device goes once it is empty.
      if (column.every((value) => value === null)) columns.delete(key);
    }
  }
}

/** @type {(columns: Columns) => Columns} */
function copied(columns) {
  return new Map([...columns].map(([key, column]) => [key, [...column]]));
}
