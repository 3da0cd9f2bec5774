// @ts-check
/** Machines as tiles that fill the screen, or in columns on a page that scrolls. */
import { KeyedList } from "../ui/keyed_list.js";
import { mark } from "../ui/dom.js";
import { calledIn, measure } from "../ui/names.js";
import { MOST_LINES } from "./cpu_line.js";
import { PULSE } from "./figures.js";
import { groupName, groupSizes, withGroups } from "./groups.js";
import { columnsForTiles, LABEL, rowsOf } from "./layout.js";
import { BESIDE } from "./status_text.js";
import { HostTile } from "./tile.js";

/** @import { Host } from "./host.js" */
/** @import { Machines } from "./machines.js" */
/** @typedef {{width: number, height: number, unit: number, scrolls: boolean}} Room */

/** In units of the type size: distance of tiles, height of one on a page that scrolls, and the least for a sparkline. */
const GAP = 0.5;
const SCROLLED = 9;
const LEAST_WITH_LINE = 11;

/** What a smaller tile has no room for, by the least length in units of the type size. */
const NEEDS = [
  { part: "words", side: "height", least: 8.2 },
  { part: "labels", side: "width", least: 14 },
  { part: "network", side: "width", least: 13 },
  { part: "units", side: "width", least: 11 },
];

export class TileView {
  /**
   * @param {HTMLElement} list
   * @param {(name: string) => string | null} hrefOf
   * @param {import("../ui/appearance.js").Theme} theme
   * @param {boolean} grouped
   */
  constructor(list, hrefOf, theme, grouped) {
    this.list = list;
    this.grouped = grouped;
    this.theme = theme;
    /** What machines are called, and beside a word about trouble. @type {Map<string, string>[]} */
    this.names = [];
    this.hasWords = true;
    /** @type {KeyedList<Host | string, {machines: Machines, now: number}, HostTile | {element: HTMLElement}>} */
    this.tiles = new KeyedList(list, {
      key: (item) => (typeof item === "string" ? `group ${item}` : item.name),
      make: (item) => (typeof item === "string" ? groupName(item) : new HostTile(item.name, hrefOf(item.name), theme)),
      fill: (tile, item, { machines, now }) => {
        if (tile instanceof HostTile && typeof item !== "string") tile.draw(item, machines, now, (isBeside) => this.names[+isBeside]?.get(item.name) ?? item.name, this.hasWords);
      },
      removed: (tile) => tile instanceof HostTile && tile.line.destroy(),
    });
    list.className = "hosts";
  }

  /**
   * @param {Host[]} order
   * @param {Machines} machines
   * @param {number} now
   */
  draw(order, machines, now) {
    this.tiles.show(this.grouped ? withGroups(order) : order, { machines, now });
  }

  /**
   * @param {Host[]} order
   * @param {Room} room
   */
  arrange(order, { width, height, scrolls, unit }) {
    const groups = this.grouped ? groupSizes(order) : [order.length];
    const columns = scrolls ? Math.max(1, Math.floor(width / (18 * unit))) : columnsForTiles(groups, width, height, this.grouped ? LABEL * unit : 0);
    const rows = rowsOf(groups, columns);
    const grouped = groups.map((count) => `auto repeat(${Math.ceil(count / columns)}, minmax(0, 1fr))`).join(" ");
    const labels = this.grouped ? groups.length * (LABEL + GAP) : 0;
    /** @type {Record<string, number>} a tile's, in units of the type size */
    const tile = { width: (width / unit + GAP) / columns - GAP, height: scrolls ? SCROLLED : (height / unit + GAP - labels) / rows - GAP };
    const sizes = { "--columns": String(columns), "--rows": String(rows), "--cqw": `${tile.width / 100}rem`, "--cqh": `${tile.height / 100}rem`, "--grouped": this.grouped ? grouped : "" };
    for (const [name, size] of Object.entries(sizes)) this.list.style.setProperty(name, size);
    mark(this.list, "data-lines", order.length <= MOST_LINES && tile.height >= LEAST_WITH_LINE ? "" : null);
    const without = NEEDS.filter(({ side, least }) => tile[side] < least).map(({ part }) => part);
    mark(this.list, "data-without", without.join(" ") || null);
    const names = order.map(({ name }) => name);
    // As in the style sheet.
    const least = parseFloat(this.theme.color("least"));
    const type = Math.max(1, least, Math.min(0.08 * tile.width, 0.12 * tile.height));
    const inner = unit * (tile.width - Math.max(1, 0.06 * tile.width) - 1);
    const bold = measure(this.theme.family, unit * Math.max(least, Math.min(0.055 * tile.width, 0.09 * tile.height)), 700);
    const wide = measure(this.theme.family, unit * type, 600);
    const called = (/** @type {string[]} */ beside) => {
      const room = inner - Math.max(...beside.map(bold));
      const map = calledIn(names, (name) => wide(name) <= room);
      return { map, fits: [...map.values()].every((name) => wide(name) <= room) };
    };
    const besideWords = called(BESIDE);
    this.hasWords = besideWords.fits;
    this.names = [called([""]), besideWords.fits ? besideWords : called(BESIDE.map((text) => text.slice(0, 1)))].map(({ map }) => map);
  }

  /** @param {import("../streaming/history.js").History} history CPU of before the page was opened */
  fill({ hosts }) {
    for (const [host, events] of Object.entries(hosts)) {
      const { time = [], mean } = events[PULSE] ?? {};
      const tile = this.tiles.rows.get(host);
      if (tile instanceof HostTile) tile.line.fill(time, mean?.percent ?? []);
    }
  }

  destroy() {
    for (const tile of this.tiles.rows.values()) if (tile instanceof HostTile) tile.line.destroy();
  }
}
