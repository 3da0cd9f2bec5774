// @ts-check
/** Content of a <vitals-number>, loaded by /static/embed.js: one figure in a line of text. */
import "../ui/older_browsers.js";
import { readAddress } from "../config/page_url.js";
import { covering } from "../config/scope.js";
import { valueOf } from "../panels/named_values.js";
import { make, mark, valueElement, write, writeValue } from "../ui/dom.js";
import { age, NONE } from "../ui/format.js";
import { shownLevel } from "../ui/thresholds.js";
import { watch } from "./figures.js";
import { catalogueOf } from "./server_catalogue.js";
import { attachStyles } from "./styles.js";

/** @import { Value } from "../panels/named_values.js" */
/** @import { Figures } from "./figures.js" */
/** @import { EmbedRequest } from "./vitals-chart.js" */

/** Attributes set on the element, for scripts and styles of the page. */
const MARKS = ["data-freshness", "data-level", "data-number"];

/**
 * @param {EmbedRequest} request
 * @returns {Promise<Figure>} empty until the first change()
 */
export async function show(request) {
  const [catalogue] = await Promise.all([catalogueOf(request), attachStyles(request.root, ["css/embed-number.css"])]);
  return new Figure(request, catalogue);
}

class Figure {
  /**
   * @param {EmbedRequest} request
   * @param {import("../config/catalogue.js").Catalogue} catalogue
   */
  constructor(request, catalogue) {
    this.request = request;
    this.catalogue = catalogue;
    /** @type {(() => void) | null} */
    this.leave = null;
    this.made = "";
    mark(request.element, "data-build", request.facts.build);
  }

  change() {
    const { element, root, address, query, facts, refused, say } = this.request;
    const name = element.getAttribute("value") ?? "";
    const asked = element.getAttribute("host") ?? facts.host;
    const from = `${name} ${asked}`;
    if (from === this.made) return;
    this.#clear();
    this.made = from;
    const { display, problems } = readAddress(new URLSearchParams({ host: asked }).toString(), { tiles: [], panels: [] });
    const value = valueOf(name, this.catalogue, facts.published);
    if (!value) problems.unshift(`value="${name}" is no name of a figure, such as cpu.percent`);
    else if (!covering(facts.events ?? null)(value.event)) problems.unshift(`the key does not cover ${value.event}`);
    say(problems[0] ?? "");
    const host = display.host ?? "";
    if (!value || problems.length > 0) return;

    const number = valueElement(name);
    const unit = make("span", { class: "unit" });
    const level = make("span", { class: "mark" });
    const line = make("span", { class: "number" }, number, unit, level);
    root.append(line);
    const { event } = value;
    const joined = watch({ address, query }, host, facts, this.catalogue, { event, refused, show: () => this.#show(joined.figures, value, line) });
    this.leave = () => {
      joined.leave();
      line.remove();
    };
  }

  destroy() {
    this.#clear();
    mark(this.request.element, "data-build", null);
  }

  #clear() {
    this.leave?.();
    this.leave = null;
    for (const name of MARKS) mark(this.request.element, name, null);
  }

  /**
   * @param {Figures} figures
   * @param {Value} value
   * @param {HTMLElement} line
   */
  #show(figures, value, line) {
    const { element } = this.request;
    const { freshness, data, age: seconds, rules } = figures.newest(value.event);
    const { value: figure, column } = value.read(data ?? {});
    const written = value.format(figure);
    const level = shownLevel(`${value.event}.${column}`, null, figure, rules);
    const [number, unit, sign] = line.children;
    writeValue(/** @type {HTMLDataElement} */ (number), figure, written.number);
    write(unit, written.number === NONE ? "" : written.unit);
    write(sign, level.words.split(" ")[0]);
    mark(line, "title", freshness === "stale" || freshness === "gone" ? `${age(seconds)} old` : null);
    mark(element, "data-freshness", freshness);
    mark(element, "data-number", figure === null ? null : String(figure));
    mark(element, "data-level", level.name);
  }
}
