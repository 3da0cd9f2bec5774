// @ts-check
/** Tile with one large number, its detail and a sparkline. */
import { Sparkline } from "../charts/sparkline.js";
import { make, valueElement, write, writeValue } from "../ui/dom.js";
import { shownLevel } from "../ui/thresholds.js";
import { Panel } from "./panel.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { Figure } from "../ui/format.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { View } from "./panel.js" */
/**
 * @typedef {object} TileSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {RegExp} columns that its sparkline may draw
 * @property {string} value name of its number, as in data-value
 * @property {string} color
 * @property {(data: Data) => Reading} read
 * @property {(value: number) => Figure} format
 * @property {(highest: number) => number} top upper end of the sparkline
 */
/**
 * @typedef {object} Reading
 * @property {number | null} value
 * @property {string} detail text below the number
 * @property {string} column of the sparkline
 * @property {Record<string, unknown> | null} item that has the figure, if it is one of several
 */

export class Tile extends Panel {
  /**
   * @param {TileSpec} spec
   * @param {Theme} theme
   */
  constructor(spec, theme) {
    super({ event: spec.event, title: spec.title, className: "tile", attributes: { "data-tile": spec.name } });
    this.spec = spec;
    this.number = valueElement(spec.value);
    this.unit = make("span", { class: "unit" });
    this.detail = make("p", { class: "detail" });
    this.sparkline = new Sparkline(theme, spec.color, spec.top);
    const line = make("p", { class: "number" }, this.number, this.unit);
    this.body.append(line, this.detail, this.sparkline.element);
  }

  /** @param {View} view */
  draw({ store, host, from, to, rules }) {
    const data = store.latest(host, this.event);
    if (!data) return;
    const { value: newest, detail, column, item } = this.spec.read(data);
    const value = this.gone ? null : newest;
    const { number, unit } = this.spec.format(value ?? NaN);
    writeValue(this.number, value, number);
    write(this.unit, unit);
    // The detail is as old as the number; its line keeps its height.
    write(this.detail, this.gone ? "\u00a0" : detail);
    this.setLevel(shownLevel(`${this.event}.${column}`, item, value, rules));
    const [times, values] = store.series(host, this.event).since(from, [column]);
    this.sparkline.draw(times, values ?? [], from, to);
  }

  destroy() {
    this.sparkline.destroy();
  }
}
