// @ts-check
/** Machines as tiles that fill the screen, or in columns on a page that scrolls. */
import { KeyedList } from "../ui/keyed_list.js";
import { mark } from "../ui/dom.js";
import { withoutDomains } from "../ui/names.js";
import { MOST_LINES } from "./cpu_line.js";
import { PULSE } from "./figures.js";
import { columnsForTiles } from "./layout.js";
import { HostTile } from "./tile.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./machines.js").Machines} Machines */
/** @typedef {{width: number, height: number, unit: number, scrolls: boolean}} Room */

export class TileView {
  /**
   * @param {HTMLElement} list
   * @param {(name: string) => string | null} hrefOf
   * @param {import("../ui/theme.js").Theme} theme
   */
  constructor(list, hrefOf, theme) {
    this.list = list;
    /** Names without what tells nothing apart. @type {Map<string, string>} */
    this.names = new Map();
    /** @type {KeyedList<Host, {machines: Machines, now: number}, HostTile>} */
    this.tiles = new KeyedList(list, {
      key: ({ name }) => name,
      make: ({ name }) => new HostTile(name, hrefOf(name), theme),
      fill: (tile, machine, { machines, now }) => tile.draw(machine, machines, now, this.names.get(machine.name) ?? machine.name),
      removed: ({ line }) => line.destroy(),
    });
    list.className = "hosts";
  }

  /**
   * @param {Host[]} order
   * @param {Machines} machines
   * @param {number} now
   */
  draw(order, machines, now) {
    this.tiles.show(order, { machines, now });
  }

  /**
   * @param {Host[]} order
   * @param {Room} room
   */
  arrange(order, { width, height, scrolls, unit }) {
    this.names = withoutDomains(order.map(({ name }) => name));
    const columns = scrolls ? Math.max(1, Math.floor(width / (18 * unit))) : columnsForTiles(order.length, width, height);
    this.list.style.setProperty("--columns", String(columns));
    this.list.style.setProperty("--rows", String(Math.ceil(order.length / columns)));
    mark(this.list, "data-lines", order.length <= MOST_LINES ? "" : null);
  }

  /** @param {import("../streaming/history.js").History} history CPU of before the page was opened */
  fill({ hosts }) {
    for (const [host, events] of Object.entries(hosts)) {
      const { time = [], mean } = events[PULSE] ?? {};
      this.tiles.rows.get(host)?.line.fill(time, mean?.percent ?? []);
    }
  }

  destroy() {
    for (const { line } of this.tiles.rows.values()) line.destroy();
  }
}
