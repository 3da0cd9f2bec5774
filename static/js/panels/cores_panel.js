// @ts-check
/** Panel with a heat map of each core. */
import { HeatStrip } from "../charts/heatstrip.js";
import { GAP } from "../state/series.js";
import { make, write } from "../ui/dom.js";
import { Panel } from "./panel.js";

/** @import { Theme } from "../ui/appearance.js" */
/** @import { View } from "./panel.js" */

export class CoresPanel extends Panel {
  /** @param {Theme} theme */
  constructor(theme) {
    super({ event: "cpu", title: "Cores", className: "panel cores", attributes: { "data-panel": "cores", "aria-label": "Cores, heat map" } });
    this.count = make("span", { class: "labels" });
    this.mark.before(this.count);
    this.strip = new HeatStrip(theme);
    this.body.append(this.strip.element);
  }

  /** @param {View} view */
  draw({ store, host, from, to }) {
    const cores = store.latest(host, this.event)?.cores;
    const loads = Array.isArray(cores) ? cores : [];
    const busy = loads.filter((percent) => percent >= 50).length;
    write(this.count, this.gone ? "—" : `${loads.length} in all, ${busy} at least half busy`);
    const series = store.series(host, this.event);
    const [times, ...rows] = series.since(from, loads.map((_, core) => `cores.${core}`));
    this.strip.draw(times, rows, from, to, Math.max(series.span, GAP * store.intervals.cadence(host, this.event)));
  }

  destroy() {
    this.strip.destroy();
  }
}
