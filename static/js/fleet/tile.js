// @ts-check
/** Machine as a tile: CPU, memory and disk in percent, network rates, and its gravest trouble. */
import { make, mark, valueElement, write, writeValue } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { shownLevel } from "../ui/thresholds.js";
import { CpuLine } from "./cpu_line.js";
import { FIGURES, PULSE, RECEIVED, SENT, SHARES } from "./figures.js";
import { ageText, alertOf, SILENT, statusText } from "./status_text.js";

/** @import { Host } from "./host.js" */
/** @import { Machines } from "./machines.js" */

export class HostTile {
  /**
   * @param {string} name
   * @param {string | null} href null: no link
   * @param {import("../ui/appearance.js").Theme} theme
   */
  constructor(name, href, theme) {
    this.name = make("h2", { title: name });
    this.sign = make("span");
    this.word = make("span");
    this.shares = SHARES.map((figure) => new Share(figure));
    this.words = make("p", { class: "words" });
    this.received = valueElement(RECEIVED);
    this.sent = valueElement(SENT);
    this.age = make("span", { class: "age" });
    const network = make("span", { class: "network" }, "▾\u00a0", this.received, " ▴\u00a0", this.sent);
    this.link = make("a", href === null ? {} : { href }, make("header", {}, this.name, make("strong", { class: "mark" }, this.sign, this.word)));
    this.link.append(make("div", { class: "shares" }, ...this.shares.map(({ element }) => element)), this.words);
    this.line = new CpuLine(theme);
    this.link.append(this.line.element, make("footer", {}, network, this.age));
    this.element = make("li", { class: "host", "data-host": name }, this.link);
  }

  /**
   * @param {Host} machine judged
   * @param {Machines} machines
   * @param {number} now
   * @param {(isBeside: boolean) => string} called what it is called, and beside a word about trouble
   * @param {boolean} hasWords false: beside a name is room only for the sign of its trouble
   */
  draw(machine, machines, now, called, hasWords) {
    const { level, mark: sign } = alertOf(machine);
    const gone = machine.freshness === "gone";
    mark(this.element, "data-level", level || null);
    mark(this.element, "data-freshness", machine.freshness);
    const trouble = gone ? SILENT : sign;
    write(this.sign, trouble.slice(0, 1));
    write(this.word, trouble.slice(1));
    mark(this.word, "class", hasWords ? null : "unseen");
    write(this.name, called(trouble !== ""));
    for (const share of this.shares) share.draw(machines.value(machine, share.name, now), machine.rules);
    for (const [element, name] of /** @type {const} */ ([[this.received, RECEIVED], [this.sent, SENT]])) {
      const value = machines.value(machine, name, now);
      writeValue(element, value, text(FIGURES[name].format(value)));
    }
    write(this.words, (gone ? "" : statusText(machine, now)) || machine.group || "\u00a0");
    write(this.age, ageText(machine, now));
    this.line.draw(machine.timeOf(PULSE), machines.value(machine, SHARES[0], now), machine.freshness !== "fresh", now);
  }
}

class Share {
  /** @param {string} name of the figure */
  constructor(name) {
    this.name = name;
    this.value = valueElement(name);
    this.shown = NaN;
    this.meter = make("span", { class: "meter" });
    const number = make("span", { class: "number" }, this.value, make("span", { class: "unit" }, "%"));
    this.element = make("p", { "data-figure": name }, label(FIGURES[name].title), number, this.meter);
  }

  /**
   * @param {number | null} value
   * @param {readonly import("../ui/thresholds.js").Rule[]} rules
   */
  draw(value, rules) {
    const { format, items = this.name } = FIGURES[this.name];
    writeValue(this.value, value, format(value).number);
    mark(this.element, "data-level", shownLevel(items, null, value, rules).name);
    mark(this.element, "data-none", value === null ? "" : null);
    const shown = Math.round(value ?? 0);
    if (shown === this.shown) return;
    this.shown = shown;
    this.meter.style.setProperty("--share", `${shown}%`);
  }
}

/**
 * @param {string} title shortened to three letters by the style sheet where there is little room
 */
function label(title) {
  const [short, rest] = [title.slice(0, 3), title.slice(3)];
  return make("span", { class: "label" }, short, ...(rest.length > 1 ? [make("span", {}, rest)] : [rest]));
}
