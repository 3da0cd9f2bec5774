// @ts-check
/** Header of the overview: number of machines, how many are in which state, a word when all is well, and the time. */
import { mark, write } from "../ui/dom.js";
import { clock } from "../ui/format.js";
import { rankOf } from "./order.js";

/** @typedef {import("./machines.js").Machines} Machines */

/** Names of ranks, the worst first. */
const WORDS = ["critical", "silent", "warning", "info"];

export class Headline {
  /**
   * @param {HTMLElement} count
   * @param {HTMLElement} states
   * @param {HTMLElement} time
   * @param {HTMLElement} well
   */
  constructor(count, states, time, well) {
    this.well = well;
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
    [critical, silent + away, warning, info].forEach((count, index) => {
      mark(this.states[index], "hidden", count ? null : "");
      write(this.states[index], `${count} ${WORDS[index]}`);
    });
    const hosts = [...machines.all.values()];
    // Nothing can be said of machines that have no rules.
    const isWell = !(critical || silent || away || warning || info) && hosts.some(({ rules }) => rules.length) && !hosts.some(({ worst }) => worst?.level);
    mark(this.well, "hidden", isWell ? null : "");
    const all = machines.all.size;
    write(this.count, all === 1 ? "1 machine" : `${all} machines`);
    write(this.time, clock(now));
  }
}
