// @ts-check
/** Drawings over the lines of a plot: the threshold, and marks at the times of events. */

/** @typedef {import("../ui/theme.js").Theme} Theme */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */

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

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {number[]} times drawn as thin lines, with a mark at the top
 */
export function drawMarks(plot, theme, times) {
  const { ctx, bbox } = plot;
  const unit = theme.unit * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = theme.color("purple");
  for (const time of times) {
    const x = Math.round(plot.valToPos(time, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.fillRect(x, bbox.top, Math.max(1, unit / 16), bbox.height);
    ctx.beginPath();
    ctx.moveTo(x - unit / 4, bbox.top);
    ctx.lineTo(x + unit / 4, bbox.top);
    ctx.lineTo(x, bbox.top + unit / 3);
    ctx.fill();
  }
  ctx.restore();
}
