// @ts-check
/** Machines as tiles that fill the screen, or in columns on a page that scrolls. */
import { KeyedList } from "../ui/keyed_list.js";
import { mark } from "../ui/dom.js";
import { withoutDomains } from "../ui/names.js";
import { MOST_LINES } from "./cpu_line.js";
import { PULSE } from "./figures.js";
import { groupName, groupSizes, withGroups } from "./groups.js";
import { columnsForTiles, LABEL, rowsOf } from "./layout.js";
import { HostTile } from "./tile.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./machines.js").Machines} Machines */
/** @typedef {{width: number, height: number, unit: number, scrolls: boolean}} Room */

export class TileView {
  /**
   * @param {HTMLElement} list
   * @param {(name: string) => string | null} hrefOf
   * @param {import("../ui/theme.js").Theme} theme
   * @param {boolean} grouped
   */
  constructor(list, hrefOf, theme, grouped) {
    this.list = list;
    this.grouped = grouped;
    /** Names without what tells nothing apart. @type {Map<string, string>} */
    this.names = new Map();
    /** @type {KeyedList<Host | string, {machines: Machines, now: number}, HostTile | {element: HTMLElement}>} */
    this.tiles = new KeyedList(list, {
      key: (item) => (typeof item === "string" ? `group ${item}` : item.name),
      make: (item) => (typeof item === "string" ? groupName(item) : new HostTile(item.name, hrefOf(item.name), theme)),
      fill: (tile, item, { machines, now }) => {
        if (tile instanceof HostTile && typeof item !== "string") tile.draw(item, machines, now, this.names.get(item.name) ?? item.name);
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
    this.names = withoutDomains(order.map(({ name }) => name));
    const groups = this.grouped ? groupSizes(order) : [order.length];
    const columns = scrolls ? Math.max(1, Math.floor(width / (18 * unit))) : columnsForTiles(groups, width, height, this.grouped ? LABEL * unit : 0);
    this.list.style.setProperty("--columns", String(columns));
    this.list.style.setProperty("--rows", String(rowsOf(groups, columns)));
    const rows = groups.map((count) => `auto repeat(${Math.ceil(count / columns)}, minmax(0, 1fr))`).join(" ");
    this.list.style.setProperty("--grouped", this.grouped ? rows : "");
    mark(this.list, "data-lines", order.length <= MOST_LINES ? "" : null);
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
