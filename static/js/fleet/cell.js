// @ts-check
/** Machine as a cell of the map: a colour for its figure, and a sign for its alert or level. */
import { make, mark, write } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { compareLevels, levelOf } from "../ui/thresholds.js";
import { FIGURES } from "./figures.js";

/** @import { Host } from "./host.js" */

/** Number of shades: few enough to tell apart, and to leave most cells unpainted in a tick. */
export const SHADES = 10;

const SIGNS = { critical: "◆", high: "▲", warning: "▲", info: "", "": "" };

export class HostCell {
  /**
   * @param {string} name
   * @param {string | null} href null: no link
   */
  constructor(name, href) {
    this.text = document.createTextNode("");
    this.value = make("data", { "data-value": "worst" }, this.text);
    this.sign = make("span", { class: "sign" });
    this.name = make("b", { title: name }, name);
    this.link = make("a", href === null ? {} : { href }, this.name, " ", this.sign, this.value);
    this.element = make("li", { class: "cell", "data-host": name }, this.link);
    // As drawn last: reading it back from a thousand elements would be slow.
    this.version = -1;
    this.freshness = "";
    this.level = "";
    this.heat = -1;
    this.figure = "worst";
    this.number = NaN;
    this.called = name;
  }

  /**
   * @param {Host} machine judged
   * @param {{name: string, value: number} | null} shown figure
   * @param {number} share of the measure, 0 to 1
   * @param {string} called name for which there is room
   */
  draw(machine, shown, share, called) {
    if (called !== this.called) write(this.name, (this.called = called));
    const { freshness, alert, version } = machine;
    const heat = shown ? Math.round(Math.min(1, share) * SHADES) : -1;
    const number = shown ? shown.value : NaN;
    const same = Object.is(number, this.number) && (shown?.name ?? this.figure) === this.figure;
    if (same && version === this.version && freshness === this.freshness && heat === this.heat) return;
    this.version = version;
    const level = gravest(alert?.level ?? "", shown ? levelOf(FIGURES[shown.name].items ?? shown.name, null, shown.value, machine.rules) : "");
    if (freshness !== this.freshness || level !== this.level) {
      this.freshness = freshness;
      this.level = level;
      mark(this.element, "data-freshness", freshness);
      mark(this.element, "data-level", level || null);
      write(this.sign, freshness === "gone" ? "✕" : SIGNS[level]);
    }
    if (heat !== this.heat) {
      this.heat = heat;
      mark(this.element, "data-heat", shown ? String(heat) : null);
    }
    if (!same) this.#drawNumber(shown, number);
  }

  /**
   * @param {{name: string, value: number} | null} shown
   * @param {number} number NaN where nothing is shown
   */
  #drawNumber(shown, number) {
    this.number = number;
    this.value.setAttribute("value", shown ? String(number) : "");
    const text = shown ? words(shown) : "";
    if (text !== this.text.data) this.text.data = text;
    if (shown && shown.name !== this.figure) {
      this.figure = shown.name;
      mark(this.value, "data-value", shown.name);
    }
  }
}

/** @param {{name: string, value: number}} shown */
function words({ name, value }) {
  const { decades, format } = FIGURES[name];
  return decades ? text(format(value)) : String(Math.round(value));
}

/**
 * @param {"critical" | "warning" | "info" | ""} alert
 * @param {import("../ui/thresholds.js").Level} figure
 */
function gravest(alert, figure) {
  return compareLevels(figure, alert) > 0 ? figure : alert;
}
