// @ts-check
/**
 * Newest rows of one family of one host: times, and columns in step with them.
 *
 * The size is bounded: arrays grow a tenth over the capacity and are then cut back to it, so that a row costs one
 * push, and a page that stays open for months does not grow.
 *
 * Samples that are denser than a chart can show are downsampled: those of one span become two rows, with the lowest
 * and highest value of each column in their order, as in /history.
 *
 * A silence of more than three cadences becomes a row of nulls, at which charts break their line.
 */

/** Most columns; a host has one for each core and mount. */
const MOST_COLUMNS = 512;

/** Growth over the capacity before a cut, which moves all rows that stay. */
const SLACK = 1.1;

/** Missed samples after which a silence is a gap and not jitter. */
export const GAP = 3;

/** @typedef {(number | null)[]} Column */

export class TimeSeries {
  /**
   * @param {number} capacity rows
   * @param {number} [span] seconds that are reduced to two rows, lowest and highest; 0: keep all
   */
  constructor(capacity, span = 0) {
    this.capacity = capacity;
    this.span = span;
    /** @type {number[]} */
    this.times = [];
    /** @type {Map<string, Column>} */
    this.columns = new Map();
  }

  /** @returns {TimeSeries} independent copy */
  copy() {
    const copy = new TimeSeries(this.capacity, this.span);
    copy.times = [...this.times];
    copy.columns = new Map([...this.columns].map(([key, column]) => [key, [...column]]));
    return copy;
  }

  /** @returns {number | null} time of the newest row */
  get last() {
    return this.times.length ? this.times[this.times.length - 1] : null;
  }

  /**
   * Replaces all rows; gaps are rows of nulls already.
   * @param {number[]} times ascending
   * @param {Record<string, Column>} columns each as long as times
   */
  replace(times, columns) {
    const from = Math.max(0, times.length - this.capacity);
    this.times = times.slice(from);
    this.columns = new Map();
    for (const [key, column] of Object.entries(columns)) {
      if (this.columns.size < MOST_COLUMNS) this.columns.set(key, column.slice(from));
    }
  }

  /**
   * Inserts the rows of an older series, from a time on, before its own.
   * @param {TimeSeries} older
   * @param {number} from seconds since 1970
   * @param {number} cadence seconds between samples
   */
  precede(older, from, cadence) {
    const oldest = this.times.length ? this.times[0] : Infinity;
    const kept = older.times.flatMap((time, at) => (time >= from && time < oldest ? [at] : []));
    while (kept.length && older.#isEmpty(kept[kept.length - 1])) kept.pop();
    if (!kept.length) return;
    const newer = this.copy();
    this.replace([], {});
    for (const at of kept) this.#push(older.times[at], older.#row(at));
    const last = /** @type {number} */ (this.last);
    if (newer.times.length && oldest - last > GAP * cadence) this.#push(last + cadence, new Map());
    newer.times.forEach((time, at) => this.#push(time, newer.#row(at)));
    if (this.times.length > this.capacity) this.#trim();
  }

  /**
   * @param {number} time seconds since 1970
   * @param {Map<string, number | null>} row
   * @param {number} cadence seconds between samples
   */
  append(time, row, cadence) {
    // The server's clock was set back: rows from the future would bend the chart back on itself, so
    // they are replaced.
    while (this.last !== null && this.last >= time) this.#drop();
    if (this.last !== null) {
      const missed = time - this.last > GAP * cadence;
      if (this.span > 0 && (missed || this.#spanOf(this.last) !== this.#spanOf(time))) this.#reduce();
      if (missed) this.#push(this.last + cadence, new Map());
    }
    this.#push(time, row);
    if (this.times.length >= SLACK * this.capacity) this.#trim();
  }

  /**
   * Inserts a row that was delayed while the log was away; it may be known already.
   * @param {number} time not after that of the newest row
   * @param {Map<string, number | null>} row
   * @param {number} cadence seconds between samples
   * @returns {boolean} true if it was missing
   */
  insert(time, row, cadence) {
    let at = this.times.length;
    while (at > 0 && this.times[at - 1] >= time) at -= 1;
    if (this.times[at] === time && !this.#isEmpty(at)) return false;
    if (this.span > 0 && [at - 2, at - 1, at, at + 1].filter((i) => this.#spanOf(this.times[i]) === this.#spanOf(time)).length > 1) {
      return false;
    }
    // Gaps on both sides are marked anew.
    while (at > 0 && this.#isEmpty(at - 1)) this.#remove((at -= 1));
    while (at < this.times.length && this.#isEmpty(at)) this.#remove(at);
    this.#put(at, time, row);
    if (this.times[at + 1] - time > GAP * cadence) this.#put(at + 1, time + cadence, new Map());
    if (at > 0 && time - this.times[at - 1] > GAP * cadence) this.#put(at, this.times[at - 1] + cadence, new Map());
    if (this.times.length >= SLACK * this.capacity) this.#trim();
    return true;
  }

  /**
   * Returns the rows from a time on, and one before it so that a line reaches the edge of the chart.
   * @param {number} from seconds since 1970
   * @param {string[]} keys
   * @returns {[number[], ...Column[]]} times, then a column for each key
   */
  since(from, keys) {
    let start = this.times.length;
    while (start > 0 && this.times[start - 1] >= from) start -= 1;
    start = Math.max(0, start - 1);
    const times = this.times.slice(start);
    return [times, ...keys.map((key) => this.columns.get(key)?.slice(start) ?? times.map(() => null))];
  }

  /**
   * @param {number} time
   * @param {Map<string, number | null>} row
   */
  #push(time, row) {
    this.#widen(row);
    this.times.push(time);
    for (const [key, column] of this.columns) column.push(row.get(key) ?? null);
  }

  /**
   * @param {number} at
   * @param {number} time
   * @param {Map<string, number | null>} row
   */
  #put(at, time, row) {
    this.#widen(row);
    this.times.splice(at, 0, time);
    for (const [key, column] of this.columns) column.splice(at, 0, row.get(key) ?? null);
  }

  /** @param {Map<string, number | null>} row */
  #widen(row) {
    for (const key of row.keys()) {
      if (!this.columns.has(key) && this.columns.size < MOST_COLUMNS) {
        this.columns.set(key, this.times.map(() => null));
      }
    }
  }

  /**
   * @param {number} at
   * @returns {Map<string, number | null>}
   */
  #row(at) {
    return new Map([...this.columns].map(([key, column]) => [key, column[at]]));
  }

  /** @param {number} at */
  #remove(at) {
    this.times.splice(at, 1);
    for (const column of this.columns.values()) column.splice(at, 1);
  }

  /** @param {number} at */
  #isEmpty(at) {
    return [...this.columns.values()].every((column) => column[at] === null);
  }

  #drop() {
    this.times.pop();
    for (const column of this.columns.values()) column.pop();
  }

  /** @param {number} time */
  #spanOf(time) {
    return Math.floor(time / this.span);
  }

  /** Reduces the rows of the newest span, since the last gap, to two. */
  #reduce() {
    const columns = [...this.columns.values()];
    const end = this.times.length;
    const span = this.#spanOf(this.times[end - 1]);
    let start = end;
    while (start > 0 && this.#spanOf(this.times[start - 1]) === span) {
      if (columns.every((column) => column[start - 1] === null)) break;
      start -= 1;
    }
    if (end - start <= 2) return;
    this.times.splice(start + 1, end - start - 2);
    for (const column of columns) {
      let lowest = -1;
      let highest = -1;
      for (let row = start; row < end; row += 1) {
        const value = column[row];
        if (value === null) continue;
        if (lowest < 0 || value < /** @type {number} */ (column[lowest])) lowest = row;
        if (highest < 0 || value > /** @type {number} */ (column[highest])) highest = row;
      }
      const first = Math.min(lowest, highest);
      const second = Math.max(lowest, highest);
      column.splice(start, end - start, first < 0 ? null : column[first], second < 0 ? null : column[second]);
    }
  }

  #trim() {
    const surplus = this.times.length - this.capacity;
    this.times.splice(0, surplus);
    for (const [key, column] of this.columns) {
      column.splice(0, surplus);
      // The column of a removed device goes once it is empty.
      if (column.every((value) => value === null)) this.columns.delete(key);
    }
  }
}
