// @ts-check
/** List beside the map: the worst machines by name, with their trouble. */
import { make, mark, write } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { FIGURES } from "./figures.js";
import { rankOf } from "./order.js";
import { ageText, alertOf, SILENT, statusText } from "./status_text.js";

/** @import { Host } from "./host.js" */
/** @import { Machines } from "./machines.js" */
/** @typedef {{element: HTMLElement, link: HTMLElement, sign: HTMLElement, words: HTMLElement}} Row */

/** Most rows; the style sheet shows as many as fit, and the rest are counted. */
const MOST = 14;

/** Most silent machines, which would leave no room for others. */
const MOST_SILENT = 3;

/** Seconds between two selections; a new silence or alert is shown at once. */
const PAUSE = 10;

/** First rank without alerts or silence. */
const WELL = 4;

export class WorstList {
  /**
   * @param {HTMLElement} element
   * @param {string | null} metric figure of the map; null: the worst of each
   * @param {(name: string) => string | null} hrefOf
   */
  constructor(element, metric, hrefOf) {
    this.metric = metric;
    this.hrefOf = hrefOf;
    this.title = make("h2", {}, metric ? `Most: ${FIGURES[metric].title}` : "Worst off");
    const list = make("ol");
    this.more = make("p", { class: "more" });
    this.nothing = make("p", { class: "nothing" });
    element.replaceChildren(this.title, list, this.nothing, this.more);
    /** @type {KeyedList<Host, {machines: Machines, now: number}, Row>} */
    this.list = new KeyedList(list, {
      key: ({ name }) => name,
      make: ({ name }) => this.#row(name),
      fill: (row, machine, { machines, now }) => this.#fill(row, machine, machines, now),
      removed: ({ element }) => {
        this.observer.unobserve(element);
        this.seen.delete(element);
      },
    });
    /** What machines are called here. @type {Map<string, string>} */
    this.names = new Map();
    /** @type {Host[]} */
    this.chosen = [];
    this.count = 0;
    this.at = -Infinity;
    this.ranks = "";
    // The observer reports the rows that fit after the layout; measuring would force a layout right after
    // a thousand cells have changed.
    this.seen = new Set();
    this.observer = new IntersectionObserver((entries) => this.#see(entries), { root: list, threshold: 0.9 });
  }

  /**
   * @param {Machines} machines judged
   * @param {number} now
   */
  draw(machines, now) {
    const chosen = this.#choose(machines, now);
    this.list.show(this.chosen, { machines, now });
    write(this.nothing, this.chosen.length ? "" : "Nothing is wrong");
    if (chosen) this.#countMore();
  }

  destroy() {
    this.observer.disconnect();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.seen.add(target);
      else this.seen.delete(target);
    }
    this.#countMore();
  }

  /** Shows the number of machines that have no row. */
  #countMore() {
    const more = this.count - this.seen.size;
    write(this.more, this.seen.size && more > 0 ? `and ${more} more` : "");
  }

  /**
   * @param {Machines} machines
   * @param {number} now
   * @returns {boolean} true if rows were selected anew
   */
  #choose(machines, now) {
    const all = [...machines.all.values()];
    const ranked = all.map((machine) => ({ machine, rank: rankOf(machine, now) }));
    const ranks = ranked.filter(({ rank }) => rank < WELL).map(({ machine, rank }) => `${machine.name}${rank}`).join();
    if (ranks === this.ranks && now - this.at < PAUSE && this.chosen.every(({ name }) => machines.all.has(name))) return false;
    this.ranks = ranks;
    this.at = now;
    const { metric } = this;
    const load = (/** @type {Host} */ machine) => (metric ? (machines.value(machine, metric, now) ?? -1) : beyond(machine));
    const wanted = metric ? ranked.filter(({ machine }) => load(machine) >= 0) : ranked.filter(({ machine, rank }) => rank < WELL || beyond(machine) > 0);
    wanted.sort((a, b) => (metric ? 0 : a.rank - b.rank) || load(b.machine) - load(a.machine) || (a.machine.name < b.machine.name ? -1 : 1));
    this.count = wanted.length;
    let silent = 0;
    const named = wanted.filter(({ machine }) => metric || machine.freshness !== "gone" || (silent += 1) <= MOST_SILENT);
    this.chosen = named.slice(0, MOST).map(({ machine }) => machine);
    return true;
  }

  /**
   * @param {string} name
   * @returns {Row}
   */
  #row(name) {
    const href = this.hrefOf(name);
    const [sign, words] = [make("strong"), make("span", { class: "words" })];
    const link = make("a", href === null ? { title: name } : { href, title: name }, name);
    const element = make("li", { "data-worst": name }, link, sign, words);
    this.observer.observe(element);
    return { element, link, sign, words };
  }

  /**
   * @param {Row} row
   * @param {Host} machine
   * @param {Machines} machines
   * @param {number} now
   */
  #fill({ element, link, sign, words }, machine, machines, now) {
    const { level, mark: said } = alertOf(machine);
    const { freshness, worst } = machine;
    write(link, this.names.get(machine.name) ?? machine.name);
    mark(element, "data-level", level || worst?.level || null);
    mark(element, "data-freshness", freshness);
    write(sign, freshness === "gone" ? SILENT : said || (worst?.level === "critical" ? "◆" : worst?.level ? "▲" : ""));
    write(words, this.#words(machine, machines, now));
  }

  /**
   * @param {Host} machine
   * @param {Machines} machines
   * @param {number} now
   */
  #words(machine, machines, now) {
    const { worst, freshness } = machine;
    if (freshness === "gone") return ageText(machine, now);
    // A figure that is back within its threshold is shown until the next selection.
    if (!this.metric) return statusText(machine, now) || (worst ? `${FIGURES[worst.name].title} ${text(FIGURES[worst.name].format(worst.value))}` : "");
    return text(FIGURES[this.metric].format(machines.value(machine, this.metric, now)));
  }
}

/**
 * @param {Host} machine
 * @returns {number} figure beyond its threshold, plus 1000 if critical; 0 without one
 */
function beyond({ worst }) {
  if (!worst?.level) return 0;
  return worst.value + (worst.level === "critical" ? 1000 : 0);
}
