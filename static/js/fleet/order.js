// @ts-check
/**
 * Order of machines that does not flicker: a change of rank moves a machine at once; within a rank machines are
 * sorted by load only when it has changed much, and seldom.
 */

/** @typedef {"worst" | "name" | "group"} Sort */
/** @import { Host } from "./host.js" */
/** @import { Machines } from "./machines.js" */

export const SORTS = /** @type {const} */ (["worst", "name", "group"]);

/** Least seconds between two sortings by load. */
const PAUSE = 15;

/** Least change of load, percent, that moves a machine. */
const MUCH = 10;

/** Seconds for which a silent machine ranks among the worst; later it ranks last. */
const LATELY = 900;

/** Ranks, the worst first. */
const RANK = { critical: 0, silent: 1, warning: 2, info: 3, well: 4, away: 5 };

const NAMES = new Intl.Collator("en", { numeric: true });

export class Order {
  /** @param {Sort} sort */
  constructor(sort) {
    this.sort = sort;
    /** Rank and load by which each machine was sorted. @type {Map<string, {rank: number, load: number}>} */
    this.held = new Map();
    /** @type {Host[]} */
    this.machines = [];
    this.membership = -1;
    this.sorted = -Infinity;
    this.groups = "";
    /** Key by which `machines` are sorted. @type {Sort | null} */
    this.by = null;
  }

  /**
   * @param {Machines} machines judged
   * @param {number} now
   * @returns {boolean} true if the order has changed
   */
  renew(machines, now) {
    const others = machines.membership !== this.membership || this.sort !== this.by;
    this.membership = machines.membership;
    this.by = this.sort;
    if (this.sort === "worst") return this.#byRank(machines, now, others);
    // Tags come with the event `system`, a moment after the first figures.
    const groups = this.sort === "group" ? [...machines.all.values()].map(({ group }) => group).join() : "";
    if (!others && groups === this.groups) return false;
    this.groups = groups;
    this.machines = [...machines.all.values()].sort((a, b) => (this.sort === "group" && byGroup(a, b)) || NAMES.compare(a.name, b.name));
    return true;
  }

  /**
   * @param {Machines} machines
   * @param {number} now
   * @param {boolean} others machines were added or dropped
   */
  #byRank(machines, now, others) {
    const mayMove = now - this.sorted >= PAUSE;
    let moved = others;
    for (const machine of machines.all.values()) {
      const rank = rankOf(machine, now);
      const load = machine.worst?.value ?? 0;
      const held = this.held.get(machine.name);
      if (!held) this.held.set(machine.name, { rank, load });
      else if (held.rank !== rank || (mayMove && Math.abs(held.load - load) >= MUCH)) {
        Object.assign(held, { rank, load });
        moved = true;
      }
    }
    if (!moved) return false;
    if (others) for (const name of this.held.keys()) if (!machines.all.has(name)) this.held.delete(name);
    this.sorted = now;
    const place = (/** @type {Host} */ { name }) => /** @type {{rank: number, load: number}} */ (this.held.get(name));
    const before = this.machines;
    this.machines = [...machines.all.values()].sort((a, b) => place(a).rank - place(b).rank || place(b).load - place(a).load || NAMES.compare(a.name, b.name));
    return this.machines.length !== before.length || this.machines.some((machine, index) => machine !== before[index]);
  }
}

/**
 * @param {Host} machine
 * @param {number} now
 * @returns {number} the lower the worse
 */
export function rankOf(machine, now) {
  const level = machine.alert?.level;
  const silent = machine.freshness === "gone";
  if (silent && now - machine.seen > LATELY) return RANK.away;
  if (level === "critical") return RANK.critical;
  if (silent) return RANK.silent;
  return level ? RANK[level] : RANK.well;
}

/**
 * Compares by group; machines without a group come last.
 * @param {Host} a
 * @param {Host} b
 */
function byGroup(a, b) {
  if (!a.group || !b.group) return Number(!a.group) - Number(!b.group);
  return NAMES.compare(a.group, b.group);
}
