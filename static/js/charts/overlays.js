// @ts-check
/** Drawings around the lines of a plot: the threshold, marks at the times of events, and ground of which nothing is known. */
import { minute } from "../ui/format.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */
/** @typedef {{time: number, name: string}} Mark time of an event, and its name beside the line */

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {number | null} threshold value of the line; null: none
 */
export function drawThreshold(plot, theme, threshold) {
  if (threshold === null) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(threshold, "y", true));
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = theme.color("warn");
  ctx.lineWidth = (theme.unit / 16) * devicePixelRatio;
  ctx.setLineDash([2, 6].map((length) => (length * theme.unit * devicePixelRatio) / 16));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** Units between the lines of a hatched ground, and around its label. */
const HATCH = 0.7;
const AROUND = 0.4;

/** Share of a plot from which on it is said that nothing is known there. */
const LEAST = 0.02;

/**
 * Hatches the ground up to the first row, before which nothing is known.
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {number} from time at the left edge
 */
export function drawUnknown(plot, theme, from) {
  const [times, ...columns] = plot.data;
  const first = times.findIndex((_, row) => columns.some((column) => column[row] !== null && column[row] !== undefined));
  if (times[0] <= from && first === 0) return;
  const { ctx, bbox } = plot;
  const width = first < 0 ? 0 : Math.min(bbox.width, plot.valToPos(times[first], "x", true) - bbox.left);
  if (width < LEAST * bbox.width) return;
  const unit = theme.unit * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = theme.color("grid");
  ctx.lineWidth = unit / 16;
  ctx.beginPath();
  for (let x = bbox.left - bbox.height; x < bbox.left + width; x += HATCH * unit) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  const text = `since ${minute(times[first])}`;
  ctx.font = `${Math.round(0.9 * unit)}px ${theme.family}`;
  const end = ctx.measureText(text).width;
  if (end + 2 * AROUND * unit < width) {
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.fillStyle = theme.color("panel");
    ctx.fillRect(bbox.left + width - end - 2 * AROUND * unit, bbox.top + bbox.height / 2 - 0.8 * unit, end + 2 * AROUND * unit, 1.6 * unit);
    ctx.fillStyle = theme.color("ink-dim");
    ctx.fillText(text, bbox.left + width - AROUND * unit, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

/** Most letters of a name, and space between two names in units. */
const MOST_LETTERS = 24;
const APART = 0.4;

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {readonly Mark[]} marks drawn as thin lines, with a sign at the top; names where there is room
 */
export function drawMarks(plot, theme, marks) {
  if (!marks.length) return;
  const { ctx, bbox } = plot;
  const unit = theme.unit * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = theme.color("purple");
  ctx.font = `${Math.round(0.8 * unit)}px ${theme.family}`;
  ctx.textBaseline = "top";
  ctx.textAlign = "right";
  let free = bbox.left + bbox.width;
  // The newest first: its name is wanted most.
  for (const { time, name } of [...marks].sort((a, b) => b.time - a.time)) {
    const x = Math.round(plot.valToPos(time, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillRect(x, bbox.top, Math.max(1, unit / 16), bbox.height);
    ctx.beginPath();
    ctx.moveTo(x - unit / 4, bbox.top);
    ctx.lineTo(x + unit / 4, bbox.top);
    ctx.lineTo(x, bbox.top + unit / 3);
    ctx.fill();
    const text = name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name;
    const end = x - APART * unit;
    const start = end - ctx.measureText(text).width;
    if (end > free || start < bbox.left) continue;
    ctx.fillText(text, end, bbox.top);
    free = start - APART * unit;
  }
  ctx.restore();
}
