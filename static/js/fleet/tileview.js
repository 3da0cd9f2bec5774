// @ts-check
/** Machines as tiles that fill the screen, or a column of them where there is none to fill. */
import { columnsForTiles } from "./layout.js";
import { place } from "./place.js";
import { HostTile } from "./tile.js";

/** @typedef {import("./host.js").Host} Host */
/** @typedef {import("./machines.js").Machines} Machines */
/** @typedef {{width: number, height: number, unit: number, scrolls: boolean}} Room */

export class TileView {
  /**
   * @param {HTMLElement} list
   * @param {(name: string) => string | null} hrefOf
   */
  constructor(list, hrefOf) {
    this.list = list;
    this.hrefOf = hrefOf;
    /** @type {Map<string, HostTile>} */
    this.tiles = new Map();
    list.className = "hosts";
  }

  /**
   * @param {Host[]} order
   * @param {Machines} machines
   * @param {number} now
   * @param {boolean} moved whether the order is another one
   */
  draw(order, machines, now, moved) {
    if (moved) {
      const names = new Set(order.map(({ name }) => name));
      for (const name of this.tiles.keys()) if (!names.has(name)) this.tiles.delete(name);
      for (const { name } of order) if (!this.tiles.has(name)) this.tiles.set(name, new HostTile(name, this.hrefOf(name)));
    }
    for (const machine of order) this.tiles.get(machine.name)?.draw(machine, machines, now);
    if (moved) place(this.list, order.map(({ name }) => /** @type {HostTile} */ (this.tiles.get(name)).element));
  }

  /**
   * @param {Host[]} order
   * @param {Room} room
   */
  arrange(order, { width, height, scrolls, unit }) {
    const columns = scrolls ? Math.max(1, Math.floor(width / (18 * unit))) : columnsForTiles(order.length, width, height);
    this.list.style.setProperty("--columns", String(columns));
    this.list.style.setProperty("--rows", String(Math.ceil(order.length / columns)));
  }

  destroy() {
    this.tiles.clear();
  }
}
