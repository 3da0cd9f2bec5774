// @ts-check
/** Drawings over the lines of a plot: the threshold, and marks at the times of events. */

/** @typedef {import("../ui/theme.js").Theme} Theme */
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

/** Most letters of a name, and space between two names in units. */
const MOST_LETTERS = 24;
const APART = 0.4;

/**
 * @param {uPlot} plot
 * @param {Theme} theme
 * @param {readonly Mark[]} marks drawn as thin lines, with a sign at the top; names where there is room
 */
export function drawMarks(plot, theme, marks) {
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
