// @ts-check
/**
 * Drawings behind the lines of a plot. Bands: where a row is a span of time, from its lowest to its highest value, as
 * wide as the span; so one sample of a year is seen, at its height, and not before or after its span. Ghosts: the same
 * lines at an earlier time, pale.
 */

/** @import { Theme } from "../ui/appearance.js" */
/** @import { Column } from "./scale.js" */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */
/** @typedef {{low: Column, high: Column}} Band in step with the times of the plot */

/** @typedef {{times: number[], values: Column}} Ghost its times are moved to those of the plot */

/** Opacity of ghosts. */
const PALE = 0.45;

/** Opacity within a band; its far end is drawn in full, and so is what rises above the spans beside it. */
const WITHIN = 0.3;

/**
 * Returns when the span of a row begins and ends: half way to its neighbours, and alike on both sides of a gap.
 * @param {ArrayLike<number>} times
 * @param {number} row
 * @param {(row: number) => boolean} isGap
 * @returns {[number, number]}
 */
export function edgesOf(times, row, isGap) {
  const [before, after] = [-1, 1].map((way) => {
    const other = row + way;
    return other < 0 || other >= times.length || isGap(other) ? null : Math.abs(times[other] - times[row]) / 2;
  });
  return [times[row] - (before ?? after ?? 0), times[row] + (after ?? before ?? 0)];
}

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {readonly {color: string}[]} lines
 * @param {readonly (Band | null)[]} bands one for each line
 */
export function drawBands(plot, theme, lines, bands) {
  if (!bands.some(Boolean)) return;
  const { ctx, bbox, data } = plot;
  const times = Array.from(data[0]);
  const thin = Math.max(1, Math.round((theme.unit * devicePixelRatio) / 16));
  const x = (/** @type {number} */ time) => Math.round(plot.valToPos(time, "x", true));
  const y = (/** @type {number} */ value) => Math.round(plot.valToPos(value, "y", true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  bands.forEach((band, index) => {
    if (!band) return;
    ctx.fillStyle = theme.color(lines[index].color);
    let free = -Infinity;
    times.forEach((_, row) => {
      const [low, high] = [band.low[row], band.high[row]];
      if (low === null || high === null || low === high) return;
      const [start, end] = edgesOf(times, row, (other) => band.low[other] === null);
      const left = Math.max(free, x(start));
      const right = Math.max(left + 1, x(end));
      free = right;
      if (right < bbox.left || left > bbox.left + bbox.width) return;
      ctx.globalAlpha = WITHIN;
      ctx.fillRect(left, y(low), right - left, y(high) - y(low));
      ctx.globalAlpha = 1;
      // Of a line that is drawn downwards the highest value is the lowest on the plot.
      const way = high > low ? 1 : -1;
      const beside = way * Math.max(way * (band.high[row - 1] ?? high), way * (band.high[row + 1] ?? high));
      const crest = way * Math.max(thin, way * (y(beside) - y(high)));
      ctx.fillRect(left, y(high), right - left, crest);
    });
  });
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {readonly {color: string}[]} lines
 * @param {readonly (Ghost | null)[]} ghosts one for each line
 */
export function drawGhosts(plot, theme, lines, ghosts) {
  if (!ghosts.some(Boolean)) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.globalAlpha = PALE;
  ctx.lineWidth = (theme.unit / 8) * devicePixelRatio;
  ctx.lineJoin = "round";
  ghosts.forEach((ghost, index) => {
    if (!ghost) return;
    ctx.strokeStyle = theme.color(lines[index].color);
    ctx.beginPath();
    let drawn = false;
    ghost.values.forEach((value, row) => {
      const [x, y] = value === null ? [0, 0] : [plot.valToPos(ghost.times[row], "x", true), plot.valToPos(value, "y", true)];
      if (value !== null && drawn) ctx.lineTo(x, y);
      else if (value !== null) ctx.moveTo(x, y);
      drawn = value !== null;
    });
    ctx.stroke();
  });
  ctx.restore();
}

/**
 * @param {readonly (Band | null)[]} bands
 * @param {number[]} times of bands
 * @param {readonly (Ghost | null)[]} ghosts
 * @param {number} from
 * @param {number} to
 * @returns {{low: number, high: number}} lowest and highest value in a stretch; Infinity and -Infinity where there is none
 */
export function extremes(bands, times, ghosts, from, to) {
  let [low, high] = [Infinity, -Infinity];
  const columns = [...bands.flatMap((band) => (band ? [{ times, values: band.low }, { times, values: band.high }] : [])), ...ghosts];
  for (const column of columns) {
    column?.values.forEach((value, row) => {
      if (value === null || column.times[row] < from || column.times[row] > to) return;
      low = Math.min(low, value);
      high = Math.max(high, value);
    });
  }
  return { low, high };
}
