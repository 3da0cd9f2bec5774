// @ts-check
/** Cursor of a chart: finds the row under the pointer, shows its time, and zooms to a dragged span. */
import { make, write } from "../ui/dom.js";
import { clock, moment, span } from "../ui/format.js";
import { edgesOf } from "./bands.js";

/** @import { Cursor } from "../../vendor/uPlot.esm.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { Band } from "./bands.js" */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */
/**
 * @typedef {object} Interaction pointing and zooming, for a page that is used from a desk
 * @property {string} key cursors of charts with equal keys move in step
 * @property {(time: number | null) => void} point called with the time at the cursor, and with null once it has left
 * @property {(from: number, to: number) => void} zoom
 * @property {() => void} follow
 */

/** Units from the end of a line at which the cursor still finds it. */
const REACH = 0.5;

/** Seconds that a chart shows from which on a time of day alone says too little. */
const DAY = 86_400;

/** Chart in which a drag began: those in step with it select as well. @type {uPlot | null} */
let dragged = null;

/** Row of a time at which nothing is known. */
const NOWHERE = -1;

export class ChartCursor {
  /**
   * @param {Interaction} interaction
   * @param {{theme: Theme, pointed: (index: number | null) => void}} options `pointed` is called with the row
   *   under the cursor; -1 where nothing is known
   * @param {() => readonly (Band | null)[]} bands where rows are spans
   */
  constructor(interaction, options, bands) {
    this.interaction = interaction;
    this.bands = bands;
    this.options = options;
    /** Time at the cursor, below it. */
    this.flag = make("span", { class: "flag", hidden: "" });
    this.hooks = {
      ready: [(/** @type {uPlot} */ plot) => this.#ready(plot)],
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
        mousedown: (plot, _target, handler) => (event) => {
          dragged = plot;
          return handler(event);
        },
        dblclick: () => () => {
          this.interaction.follow();
          return null;
        },
      },
    };
  }

  /** @param {uPlot} plot */
  #ready({ over }) {
    over.append(this.flag);
    over.addEventListener("mouseleave", () => this.interaction.point(null));
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
    // Charts in step have cursors, too.
    if (plot.over.matches(":hover") || plot.root.parentElement === document.activeElement) this.interaction.point(time);
    const row = this.#rowAt(plot, idx, time);
    write(this.flag, this.#text(plot, row, time));
    this.flag.style.setProperty("left", `${left}px`);
    this.options.pointed(row);
  }

  /**
   * @param {uPlot} plot
   * @param {number} row
   * @param {number} time
   * @returns {string} when its values were; where it is a span, how long it is
   */
  #text(plot, row, time) {
    const [times] = plot.data;
    const { min = 0, max = 0 } = plot.scales.x;
    const at = max - min >= DAY ? moment : clock;
    if (row === NOWHERE || isGap(plot, row)) return at(Math.round(time));
    if (!this.bands().some((band) => band && (band.low[row] ?? null) !== null)) return at(times[row]);
    const [start, end] = edgesOf(times, row, (other) => isGap(plot, other));
    return end - start < 1.5 ? at(times[row]) : `${at(times[row])}, within these ${span(end - start)}`;
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
    if (plot === dragged) this.interaction.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
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
