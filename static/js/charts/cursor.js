// @ts-check
/** Cursor of a chart: finds the row under the pointer, shows its time, and zooms to a dragged span. */
import { make, write } from "../ui/dom.js";
import { clock } from "../ui/format.js";

/** @typedef {import("../ui/theme.js").Theme} Theme */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */
/** @typedef {import("../../vendor/uPlot.esm.js").Cursor} Cursor */
/**
 * @typedef {object} Interaction pointing and zooming, for a page that is used from a desk
 * @property {string} key cursors of charts with equal keys move in step
 * @property {(from: number, to: number) => void} zoom
 * @property {() => void} follow
 */

/** Units from the end of a line at which the cursor still finds it. */
const REACH = 0.5;

/** Row of a time at which nothing is known. */
const NOWHERE = -1;

export class ChartCursor {
  /**
   * @param {Interaction} interaction
   * @param {{theme: Theme, pointed: (index: number | null) => void}} options `pointed` is called with the row
   *   under the cursor; -1 where nothing is known
   */
  constructor(interaction, options) {
    this.interaction = interaction;
    this.options = options;
    /** Time at the cursor, below it. */
    this.flag = make("span", { class: "flag", hidden: "" });
    this.hooks = {
      ready: [(/** @type {uPlot} */ plot) => plot.over.append(this.flag)],
      setCursor: [(/** @type {uPlot} */ plot) => this.#point(plot)],
      setSelect: [(/** @type {uPlot} */ plot) => this.#selected(plot)],
    };
  }

  /** @returns {Cursor} */
  get cursor() {
    return {
      y: false,
      points: { size: 0.5 * this.options.theme.unit },
      sync: { key: this.interaction.key, setSeries: false },
      drag: { x: true, y: false, setScale: false },
      dataIdx: (plot, _line, nearest, time) => {
        const row = this.#rowAt(plot, nearest, time);
        return row === NOWHERE ? null : row;
      },
      bind: {
        dblclick: () => () => {
          this.interaction.follow();
          return null;
        },
      },
    };
  }

  /** @param {uPlot} plot */
  #point(plot) {
    const { left = -1, idx } = plot.cursor;
    const outside = left < 0 || typeof idx !== "number";
    this.flag.hidden = outside;
    if (outside) {
      this.options.pointed(null);
      return;
    }
    const time = plot.posToVal(left, "x");
    const row = this.#rowAt(plot, idx, time);
    write(this.flag, clock(row === NOWHERE || isGap(plot, row) ? Math.round(time) : plot.data[0][row]));
    this.flag.style.setProperty("left", `${left}px`);
    this.options.pointed(row);
  }

  /**
   * Finds the row whose values hold at a time. Where no line is drawn there is none: a gap is one row of
   * nulls, however long it lasts, and before the first sample and after the last there are no rows.
   * @param {uPlot} plot
   * @param {number} nearest row with the closest time
   * @param {number} time
   * @returns {number} a row, or NOWHERE
   */
  #rowAt(plot, nearest, time) {
    const [times] = plot.data;
    const found = times[nearest];
    const other = found > time ? nearest - 1 : nearest + 1;
    const isEnd = other < 0 || other >= times.length || isGap(plot, other);
    const apart = Math.abs(plot.valToPos(found, "x") - plot.valToPos(time, "x"));
    return isEnd && apart > REACH * this.options.theme.unit ? NOWHERE : nearest;
  }

  /** @param {uPlot} plot */
  #selected(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.interaction.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }
}

/**
 * @param {uPlot} plot
 * @param {number} row
 */
function isGap(plot, row) {
  return plot.data.slice(1).every((column) => column[row] === null);
}
