// @ts-check
/** Machines as cells of a heat map, with a list of the worst beside it. */
import { roundUp } from "../charts/scale.js";
import { make, write } from "../ui/dom.js";
import { terse } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { calledIn, measure } from "../ui/names.js";
import { HostCell } from "./cell.js";
import { FIGURES } from "./figures.js";
import { groupName, groupSizes, withGroups } from "./groups.js";
import { cellsFor, LABEL } from "./layout.js";
import { BESIDE } from "./status_text.js";
import { Tooltip } from "./tooltip.js";
import { WorstList } from "./worstlist.js";

/** @import { Host } from "./host.js" */
/** @import { Machines } from "./machines.js" */
/** @import { Room } from "./tileview.js" */

/** Least width of a cell, in units, with a name and with a number. */
const NAMED = 4.4;
const NUMBERED = 2.3;

export class MapView {
  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} aside
   * @param {object} options
   * @param {string | null} options.metric null: the worst figure of each machine
   * @param {boolean} options.grouped
   * @param {boolean} options.interactive shows a tooltip at the pointer
   * @param {(name: string) => string | null} options.hrefOf
   * @param {import("../ui/appearance.js").Theme} options.theme
   */
  constructor(list, aside, { metric, grouped, interactive, hrefOf, theme }) {
    this.list = list;
    this.theme = theme;
    this.metric = metric;
    this.grouped = grouped;
    /** What machines are called in their cells. @type {Map<string, string>} */
    this.names = new Map();
    /** @type {KeyedList<Host | string, (machine: Host, cell: HostCell) => void, HostCell | {element: HTMLElement}>} */
    this.cells = new KeyedList(list, {
      key: (item) => (typeof item === "string" ? `group ${item}` : item.name),
      make: (item) => (typeof item === "string" ? groupName(item) : new HostCell(item.name, hrefOf(item.name))),
      fill: (cell, item, draw) => cell instanceof HostCell && typeof item !== "string" && draw(item, cell),
    });
    this.worst = new WorstList(aside, metric, hrefOf);
    this.start = make("span", {}, "0");
    this.end = make("span", {}, "100 %");
    aside.append(legend(metric, this.start, this.end));
    this.tooltip = interactive ? new Tooltip(list) : null;
    list.className = "map";
    list.toggleAttribute("data-grouped", grouped);
  }

  /**
   * @param {Host[]} order
   * @param {Machines} machines
   * @param {number} now
   */
  draw(order, machines, now) {
    const { metric } = this;
    const decades = metric ? FIGURES[metric].decades : 0;
    let top = 100;
    if (metric && decades) {
      top = roundUp(order.reduce((most, machine) => Math.max(most, machines.value(machine, metric, now) ?? 0), 0), 1);
      write(this.start, `≤ ${terse(FIGURES[metric].format(top / 10 ** decades))}`);
    }
    if (metric) write(this.end, terse(FIGURES[metric].format(top)));
    this.cells.show(this.grouped ? withGroups(order) : order, (machine, cell) => {
      const value = metric ? machines.value(machine, metric, now) : null;
      const shown = metric ? value !== null && { name: metric, value } : machine.worst;
      cell.draw(machine, shown || null, shown ? shareOf(shown.value, top, decades) : 0, this.names.get(machine.name) ?? machine.name);
    });
    this.worst.draw(machines, now);
    this.tooltip?.draw(machines, now);
  }

  /**
   * @param {Host[]} order
   * @param {Room} room
   */
  arrange(order, { width, height, unit }) {
    const groups = this.grouped ? groupSizes(order) : [order.length];
    const gap = Math.max(1, unit / 8);
    const cells = cellsFor(groups, width + gap, height + gap, this.grouped ? LABEL * unit + gap : 0);
    const cellWidth = (width + gap) / cells.columns - gap;
    this.list.style.setProperty("--columns", String(cells.columns));
    this.list.style.setProperty("--cell-width", `${cellWidth}px`);
    this.list.style.setProperty("--cell-height", `${Math.floor(cells.height - gap)}px`);
    this.list.style.setProperty("--gap", `${gap}px`);
    // A rate needs room for its unit.
    const least = this.metric && FIGURES[this.metric].decades ? NAMED : NUMBERED;
    this.list.dataset.cells = cellWidth >= NAMED * unit ? "named" : cellWidth >= least * unit ? "numbered" : "bare";
    const names = order.map(({ name }) => name);
    // Sizes as in the style sheet, beside a sign.
    const [inCell, inList] = [measure(this.theme.family, 0.85 * unit, 400), measure(this.theme.family, 1.25 * unit, 700)];
    const room = 0.96 * cellWidth - 1.1 * unit;
    this.names = this.list.dataset.cells === "named" ? calledIn(names, (name) => inCell(name) <= room) : new Map();
    const beside = innerWidth > innerHeight ? Math.min(23 * unit, 0.38 * innerWidth) : innerWidth / (innerWidth < 700 ? 1 : 2);
    const sign = Math.max(...BESIDE.map(measure(this.theme.family, unit, 700)));
    this.worst.names = calledIn(names, (name) => inList(name) <= beside - 3 * unit - sign);
  }

  destroy() {
    this.worst.destroy();
    this.tooltip?.destroy();
    this.list.removeAttribute("data-grouped");
  }
}

/**
 * @param {number} value
 * @param {number} top
 * @param {number} decades 0: linear; else logarithmic over so many powers of ten
 * @returns {number} 0 to 1
 */
function shareOf(value, top, decades) {
  if (!decades) return value / top;
  return value > 0 ? Math.max(0, 1 - Math.log10(top / value) / decades) : 0;
}

/**
 * @param {string | null} metric
 * @param {HTMLElement} start value of the darkest colour
 * @param {HTMLElement} end value of the brightest colour
 */
function legend(metric, start, end) {
  const title = metric ? FIGURES[metric].title : "Of CPU, memory and disk what is worst off";
  const marks = "◆ critical · ▲ high · striped: silent";
  return make("p", { class: "legend" }, title, make("span", { class: "scale" }), make("span", { class: "ends" }, start, end), marks);
}
