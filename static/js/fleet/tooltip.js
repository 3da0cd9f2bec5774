// @ts-check
/** Tooltip of a cell at the pointer or the focus: name, figures and status of the machine. */
import "../ui/signals.js";
import { make, write } from "../ui/dom.js";
import { text } from "../ui/format.js";
import { FIGURES, SHARES } from "./figures.js";
import { ageText, statusText } from "./status_text.js";

/** @import { Machines } from "./machines.js" */

export class Tooltip {
  /** @param {HTMLElement} list of cells */
  constructor(list) {
    this.element = make("div", { class: "tip", role: "tooltip", hidden: "" });
    this.name = make("strong");
    this.group = make("span", { class: "group" });
    this.figures = make("p");
    this.words = make("p");
    this.element.append(this.name, " ", this.group, this.figures, this.words);
    document.body.append(this.element);
    /** Cell that it describes. @type {HTMLElement | null} */
    this.cell = null;
    /** @type {{machines: Machines, now: number} | null} */
    this.known = null;
    this.over = new AbortController();
    const { signal } = this.over;
    for (const event of ["pointerover", "focusin"]) list.addEventListener(event, ({ target }) => this.#show(/** @type {Element} */ (target)), { signal });
    for (const event of ["pointerleave", "focusout"]) list.addEventListener(event, () => this.#hide(), { signal });
    addEventListener("keydown", ({ key }) => key === "Escape" && this.#hide(), { signal });
  }

  destroy() {
    this.over.abort();
    this.element.remove();
  }

  /**
   * @param {Machines} machines judged
   * @param {number} now
   */
  draw(machines, now) {
    this.known = { machines, now };
    if (this.cell && !this.cell.isConnected) this.#hide();
    else if (this.cell) this.#write(this.cell);
  }

  /** @param {Element} target */
  #show(target) {
    const cell = target.closest("[data-host]");
    if (!(cell instanceof HTMLElement)) return this.#hide();
    this.cell = cell;
    this.#write(cell);
    this.element.hidden = false;
    const { left, right, top, bottom } = cell.getBoundingClientRect();
    const { width, height } = this.element.getBoundingClientRect();
    const x = Math.max(0, Math.min((left + right) / 2 - width / 2, innerWidth - width));
    const y = bottom + height <= innerHeight ? bottom : Math.max(0, top - height);
    this.element.style.setProperty("transform", `translate(${Math.round(x)}px, ${Math.round(y)}px)`);
  }

  #hide() {
    this.cell = null;
    this.element.hidden = true;
  }

  /** @param {HTMLElement} cell */
  #write(cell) {
    if (!this.known) return;
    const { machines, now } = this.known;
    const machine = machines.all.get(cell.dataset.host ?? "");
    if (!machine) return;
    write(this.name, machine.name);
    write(this.group, machine.group);
    const said = SHARES.map((name) => `${FIGURES[name].title} ${text(FIGURES[name].format(machines.value(machine, name, now)))}`);
    write(this.figures, machine.freshness === "gone" ? "" : `${said.join(" · ")} · ${ageText(machine, now)}`);
    write(this.words, statusText(machine, now));
  }
}
