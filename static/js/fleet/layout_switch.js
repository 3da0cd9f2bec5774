// @ts-check
/** Chooses the layout of machines: tiles if they can be read, else a map. */
import { WORST } from "./fleet_url.js";
import { groupSizes } from "./groups.js";
import { LABEL, tilesFit } from "./layout.js";
import { MapView } from "./mapview.js";
import { TileView } from "./tileview.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @import { Asked } from "./fleet_url.js" */
/** @import { Machines } from "./machines.js" */
/** @import { Order } from "./order.js" */
/** @import { Room } from "./tileview.js" */
/**
 * @typedef {object} LayoutSwitchOptions
 * @property {Asked} asked
 * @property {Theme} theme
 * @property {HTMLElement} list
 * @property {HTMLElement} aside
 * @property {boolean} interactive shows a tooltip at the pointer
 * @property {(name: string) => string | null} hrefOf URL of a machine's page
 */

/** Most tiles on a page that scrolls. */
const MOST_SCROLLED = 60;

export class LayoutSwitch {
  /**
   * @param {LayoutSwitchOptions} options
   * @param {number} expected number of machines, until `settle`
   */
  constructor(options, expected) {
    this.options = options;
    this.expected = expected;
    // Measured only when it may have changed: measuring forces a layout.
    this.room = this.#measure();
    this.shown = this.#wanted([]);
    this.view = this.#makeView();
    /** Facts of the last arrangement. */
    this.arranged = "";
  }

  /** Ends the time in which machines are still expected. */
  settle() {
    this.expected = 0;
  }

  /** To be called when the list or the window has another size. */
  resize() {
    this.room = this.#measure();
  }

  /** To be called when another theme or type size is in force. */
  restyle() {
    this.resize();
    this.arranged = "";
  }

  /** @param {Order} order */
  arrange(order) {
    const { list } = this.options;
    const count = order.machines.length;
    if (this.#facts(order) === this.arranged) return;
    const wanted = this.#wanted(order.machines);
    if (wanted !== this.shown && count > 0) {
      this.view.destroy();
      list.replaceChildren();
      this.shown = wanted;
      this.view = this.#makeView();
      // The view may have made room for something beside it.
      this.resize();
    }
    this.arranged = this.#facts(order);
    this.view.arrange(order.machines, this.room);
  }

  /**
   * @param {Order} order
   * @param {Machines} machines judged
   * @param {number} now
   */
  draw(order, machines, now) {
    this.view.draw(order.machines, machines, now);
  }

  /** @param {import("../streaming/history.js").History} history CPU of before the page was opened */
  fill(history) {
    if (this.view instanceof TileView) this.view.fill(history);
  }

  #makeView() {
    const { asked, list, aside, interactive, hrefOf, theme } = this.options;
    list.parentElement?.setAttribute("data-shown", this.shown);
    aside.hidden = this.shown !== "map";
    const grouped = asked.sort === "group";
    if (this.shown === "tiles") return new TileView(list, hrefOf, theme, grouped);
    const metric = asked.metric === WORST ? null : asked.metric;
    return new MapView(list, aside, { metric, grouped, interactive, hrefOf, theme });
  }

  /**
   * @param {import("./host.js").Host[]} known
   * @returns {"tiles" | "map"}
   */
  #wanted(known) {
    const count = Math.max(known.length, this.expected);
    const grouped = this.options.asked.sort === "group" && known.length === count;
    const { asked, list } = this.options;
    if (asked.metric !== null) return "map";
    const { scrolls, unit } = this.room;
    if (scrolls) return count <= MOST_SCROLLED ? "tiles" : "map";
    // As wide and as tall as tiles would have it, whatever is shown now.
    const { width, height } = /** @type {HTMLElement} */ (list.parentElement).getBoundingClientRect();
    return tilesFit(grouped ? groupSizes(known) : [count], width, height, unit, grouped ? LABEL * unit : 0) ? "tiles" : "map";
  }

  /** @param {Order} order */
  #facts({ machines, membership, sort, groups }) {
    const { width, height, unit } = this.room;
    const count = Math.max(machines.length, this.expected);
    return [count, membership, width, height, unit, sort === "group" ? groups : ""].join();
  }

  /** @returns {Room} */
  #measure() {
    const { list, theme } = this.options;
    const scrolls = getComputedStyle(list).getPropertyValue("--scrolls").trim() === "1";
    const { width } = list.getBoundingClientRect();
    return { width, height: scrolls ? innerHeight : list.clientHeight, unit: theme.unit, scrolls };
  }
}
