// @ts-check
/** One machine as a cell of the map: a colour for its figure, and a mark for what is wrong. */
import { make, mark, valueElement, write, writeValue } from "../dom.js";
import { text } from "../format.js";
import { levelOf } from "../levels.js";
import { FIGURES } from "./figures.js";

/** @typedef {import("./machines.js").Host} Host */
/** @typedef {import("./machines.js").Machines} Machines */
/** @typedef {import("./machines.js").Worst} Worst */

/** Shades of a cell: few enough to tell apart, and that most cells need not be painted in a tick. */
export const SHADES = 10;

const SIGNS = { critical: "◆", high: "▲", warning: "▲", info: "", "": "" };

export class HostCell {
  /**
   * @param {string} name
   * @param {string | null} href null where nobody may click
   */
  constructor(name, href) {
    this.value = valueElement("worst");
    this.sign = make("span", { class: "sign" });
    this.link = make("a", href === null ? {} : { href }, make("b", {}, name), " ", this.sign, this.value);
    this.element = make("li", { class: "cell", "data-host": name }, this.link);
    /** What is drawn, so that a cell of which nothing has changed costs a comparison. */
    this.version = -1;
    this.drawn = "";
  }

  /**
   * @param {Host} machine as it was judged
   * @param {{name: string, value: number} | null} shown the figure that the map shows
   * @param {number} share of the measure, 0 to 1
   */
  draw(machine, shown, share) {
    const { freshness, alert, version } = machine;
    const drawn = `${freshness} ${shown?.name} ${shown?.value} ${share}`;
    if (version === this.version && drawn === this.drawn) return;
    this.version = version;
    this.drawn = drawn;
    const level = gravest(alert?.level ?? "", shown ? levelOf(shown.name, shown.value) : "");
    mark(this.element, "data-freshness", freshness);
    mark(this.element, "data-level", level || null);
    mark(this.element, "data-heat", shown ? String(Math.round(Math.min(1, share) * SHADES)) : null);
    write(this.sign, freshness === "gone" ? "✕" : SIGNS[level]);
    mark(this.value, "data-value", shown?.name ?? "worst");
    writeValue(this.value, shown?.value, shown ? words(shown) : "");
  }
}

/** @param {{name: string, value: number}} shown */
function words({ name, value }) {
  const { decades, format } = FIGURES[name];
  return decades ? text(format(value)) : String(Math.round(value));
}

/**
 * @param {"critical" | "warning" | "info" | ""} alert
 * @param {import("../levels.js").Level} figure
 */
function gravest(alert, figure) {
  if (alert === "critical" || figure === "critical") return "critical";
  if (alert === "warning" || figure === "high") return "warning";
  return alert;
}
