// @ts-check
/** Keyboard cursor of charts: a chart can be focused, arrows move its cursor, and what is there is said. */
import { write } from "../ui/dom.js";

/** @import { Chart } from "../charts/chart.js" */
/** @import { PanelGrid } from "../panels/panel_grid.js" */
/** @typedef {{chart: Chart | null, element: HTMLElement, title: HTMLElement}} ChartOwner panel with a chart */

/** Rows of a step; with shift of ten. */
const STEPS = /** @type {const} */ ({ ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity });

/**
 * @param {PanelGrid} grid
 * @param {KeyboardEvent} event of a chart that has the focus
 * @param {Element} announcer live region of screen readers
 * @param {(index: number) => void} open a table of a panel's values, by its place
 */
export function pressInChart(grid, { key, shiftKey, target }, announcer, open) {
  const box = /** @type {HTMLElement} */ (target);
  const index = grid.panels.findIndex(({ element }) => element.contains(box));
  if (index < 0 || !("chart" in grid.panels[index])) return;
  if (key === "Enter") {
    open(index);
    return;
  }
  const owner = /** @type {ChartOwner} */ (/** @type {unknown} */ (grid.panels[index]));
  move(owner, STEPS[/** @type {keyof typeof STEPS} */ (key)] * (shiftKey ? 10 : 1), announcer);
  box.onblur = () => pointAt(owner.chart?.plot, -10);
}

/**
 * @param {ChartOwner} owner
 * @param {number} rows
 * @param {Element} announcer
 */
function move({ chart, element, title }, rows, announcer) {
  const plot = chart?.plot;
  if (!chart || !plot) return;
  const [times] = chart.data;
  const first = times.findIndex((time) => time >= chart.from);
  // A chart that stands still has newer rows, beyond its end.
  const last = times.filter((time) => time <= chart.to).length - 1;
  if (first < 0 || last < first) return;
  const { left = -1, idx } = plot.cursor;
  const from = left < 0 || typeof idx !== "number" ? last - Math.sign(rows) * Number(Number.isFinite(rows)) : idx;
  const row = Math.min(last, Math.max(first, from + rows));
  pointAt(plot, plot.valToPos(times[row], "x"));
  const flag = element.querySelector(".flag");
  const values = [...element.querySelectorAll(".labels li:not(.before)")].map((label) => label.textContent);
  write(/** @type {HTMLElement} */ (announcer), `${title.textContent} ${flag?.textContent ?? ""}: ${values.join(", ")}`);
}

/**
 * Moves the cursor of a chart, and of all charts in step with it, which uPlot's types don't know.
 * @param {import("../../vendor/uPlot.esm.js") | null | undefined} plot
 * @param {number} left
 */
function pointAt(plot, left) {
  if (plot) /** @type {(...given: unknown[]) => void} */ (plot.setCursor)({ left, top: left < 0 ? left : 1 }, true, true);
}
