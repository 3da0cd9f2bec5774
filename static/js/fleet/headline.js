// @ts-check
/** Header of the overview: number of machines, how many are in which state, what they do together, a word when all is well, and the time. */
import { mark, write } from "../ui/dom.js";
import { clock, percent, rate, text } from "../ui/format.js";
import { RECEIVED, SENT, SHARES } from "./figures.js";
import { rankOf } from "./order.js";

/** @import { Machines } from "./machines.js" */

/** Names of ranks, the worst first, and what is acknowledged or silenced. */
const WORDS = ["critical", "silent", "warning", "info", "muted"];

export class Headline {
  /**
   * @param {HTMLElement} count
   * @param {HTMLElement} states
   * @param {HTMLElement} time
   * @param {HTMLElement} well
   * @param {HTMLElement} totals
   */
  constructor(count, states, time, well, totals) {
    this.well = well;
    this.totals = totals;
    this.count = count;
    this.time = time;
    this.states = WORDS.map((word) => {
      const element = document.createElement("span");
      mark(element, "data-state", word);
      return element;
    });
    states.replaceChildren(...this.states);
  }

  /**
   * @param {Machines} machines judged
   * @param {number} now
   */
  draw(machines, now) {
    const counts = [0, 0, 0, 0, 0, 0];
    for (const machine of machines.all.values()) counts[rankOf(machine, now)] += 1;
    const [critical, silent, warning, info, , away] = counts;
    const hosts = [...machines.all.values()];
    const muted = hosts.reduce((sum, { alerts }) => sum + [...alerts.values()].filter(({ known }) => known).length, 0);
    [critical, silent + away, warning, info, muted].forEach((count, index) => {
      mark(this.states[index], "hidden", count ? null : "");
      write(this.states[index], `${count} ${WORDS[index]}`);
    });
    // Nothing can be said of machines that have no rules.
    const isWell = !(critical || silent || away || warning || info || muted) && hosts.some(({ rules }) => rules.length) && !hosts.some(({ worst }) => worst?.level);
    mark(this.well, "hidden", isWell ? null : "");
    const all = machines.all.size;
    write(this.count, all === 1 ? "1 machine" : `${all} machines`);
    write(this.totals, totalsOf(machines, now));
    write(this.time, clock(now));
  }
}

/**
 * @param {Machines} machines judged
 * @param {number} now
 * @returns {string} mean of CPU, and bytes of the networks, of all machines that are up; nothing for a single one
 */
function totalsOf(machines, now) {
  const up = [...machines.all.values()].filter(({ freshness }) => freshness === "fresh");
  if (up.length < 2) return "";
  /** @param {string} name */
  const values = (name) => up.map((machine) => machines.value(machine, name, now)).filter((value) => value !== null);
  /** @param {number[]} list */
  const sum = (list) => list.reduce((total, value) => total + value, 0);
  const [cpu, received, sent] = [SHARES[0], RECEIVED, SENT].map((name) => /** @type {number[]} */ (values(name)));
  const parts = [`${up.length} up`];
  if (cpu.length) parts.push(`CPU ${text(percent(sum(cpu) / cpu.length))}`);
  if (received.length) parts.push(`▾ ${text(rate(sum(received)))} ▴ ${text(rate(sum(sent)))}`);
  return parts.join(" · ");
}
