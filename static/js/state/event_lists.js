// @ts-check
/** Newest events without a cadence (log lines, notices, alerts, steps of jobs), by name, in bounded lists. */
import { isAfter } from "../streaming/ids.js";

/** @import { Data } from "../streaming/history.js" */
/** @typedef {{id: string, data: Data, name?: string}} Item name: of an event that has no list of its own */

/** Most events of a name: more than a panel shows, and enough to search through. */
export const MOST_ITEMS = 500;

/** Name of the list of all events that have none of their own. */
export const OTHERS = "*";

export class EventLists {
  /**
   * @param {Iterable<string>} names of events to keep; OTHERS keeps those of further names that have a text
   * @param {(name: string) => boolean} [isTold] true for names that are told elsewhere, and never among the others
   */
  constructor(names, isTold = () => true) {
    this.isTold = isTold;
    /** @type {Map<string, Item[]>} */
    this.lists = new Map([...names].map((name) => [name, []]));
  }

  /** @param {Record<string, Item[]>} lines as in /history, oldest first; replaces all lists */
  fill(lines) {
    const others = Object.entries(lines).flatMap(([name, items]) => (this.lists.has(name) || this.isTold(name) ? [] : items.filter(({ data }) => hasText(data)).map((item) => ({ ...item, name }))));
    others.sort((a, b) => Number(isAfter(a.id, b.id)) - Number(isAfter(b.id, a.id)));
    for (const name of this.lists.keys()) this.lists.set(name, (name === OTHERS ? others : (lines[name] ?? [])).slice(-MOST_ITEMS));
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {Data} data
   * @param {boolean} [logged] false: not logged yet; it comes again with an id
   * @returns {boolean} true if it was new
   */
  accept(name, id, data, logged = true) {
    const own = this.lists.get(name);
    const list = own ?? (this.isTold(name) || !hasText(data) ? undefined : this.lists.get(OTHERS));
    if (!list || typeof data.time !== "number") return false;
    const last = list[list.length - 1];
    // After a gap the server sends the newest event of each name, which may be known.
    if (logged && last && id && last.id && !isAfter(id, last.id)) return false;
    const known = logged ? list.find((item) => !item.id && same(item.data, data)) : undefined;
    if (known) {
      known.id = id;
      return false;
    }
    list.push({ id: logged ? id : "", data, ...(!own && { name }) });
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

/** @param {Data} data */
function hasText(data) {
  return Object.entries(data).some(([key, value]) => key !== "host" && typeof value === "string");
}
