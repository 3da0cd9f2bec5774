// @ts-check
/** What is painted over a plot's lines: the threshold, and the times at which something happened. */

/** @typedef {import("../ui/theme.js").Look} Look */
/** @typedef {import("../../vendor/uPlot.esm.js")} uPlot */

/**
 * @param {uPlot} plot
 * @param {Look} look
 * @param {number | null} threshold a value to draw a line at
 */
export function drawThreshold(plot, look, threshold) {
  if (threshold === null) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(threshold, "y", true));
  if (y < bbox.top) return;
  ctx.save();
  ctx.strokeStyle = look.color("warn");
  ctx.lineWidth = (look.unit / 16) * devicePixelRatio;
  ctx.setLineDash([2, 6].map((length) => (length * look.unit * devicePixelRatio) / 16));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/**
 * @param {uPlot} plot
 * @param {Look} look
 * @param {number[]} times drawn as thin lines, with a mark at the top
 */
export function drawMarks(plot, look, times) {
  const { ctx, bbox } = plot;
  const unit = look.unit * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = look.color("purple");
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
