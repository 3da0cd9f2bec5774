// @ts-check
/** Newest events without a cadence (log lines, notices, alerts, steps of jobs), by name, in bounded lists. */
import { isAfter } from "../streaming/ids.js";

/** @typedef {import("../streaming/stream.js").Data} Data */
/** @typedef {{id: string, data: Data}} Item */

/** Most events of a name: more than a panel shows, and enough to search through. */
export const MOST_ITEMS = 500;

export class EventLists {
  /** @param {Iterable<string>} names of events to keep */
  constructor(names) {
    /** @type {Map<string, Item[]>} */
    this.lists = new Map([...names].map((name) => [name, []]));
  }

  /** @param {Record<string, Item[]>} lines as in /history, oldest first; replaces all lists */
  fill(lines) {
    for (const name of this.lists.keys()) this.lists.set(name, (lines[name] ?? []).slice(-MOST_ITEMS));
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {Data} data
   * @param {boolean} [logged] false: not logged yet; it comes again with an id
   * @returns {boolean} true if it was new
   */
  accept(name, id, data, logged = true) {
    const list = this.lists.get(name);
    if (!list || typeof data.time !== "number") return false;
    const last = list[list.length - 1];
    // After a gap the server sends the newest event of each name, which may be known.
    if (logged && last && id && last.id && !isAfter(id, last.id)) return false;
    const known = logged ? list.find((item) => !item.id && same(item.data, data)) : undefined;
    if (known) {
      known.id = id;
      return false;
    }
    list.push({ id: logged ? id : "", data });
    if (list.length > MOST_ITEMS) list.shift();
    return true;
  }

  /**
   * @param {string} name
   * @returns {readonly Item[]} oldest first
   */
  items(name) {
    return this.lists.get(name) ?? [];
  }
}

/**
 * @param {Data} one
 * @param {Data} other
 * @returns {boolean}
 */
function same(one, other) {
  return one.time === other.time && JSON.stringify(one) === JSON.stringify(other);
}
