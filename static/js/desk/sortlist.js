// @ts-check
/** List to choose from, to sort and to size: by dragging a grip, or by keyboard with the buttons up and down. */
import "../ui/signals.js";
import { MOST_COLUMNS, MOST_DOWN } from "../config/page_url.js";
import { make, write } from "../ui/dom.js";
import { icon } from "./icons.js";
import { button } from "./tools.js";

/** @import { Place } from "../config/page_url.js" */
/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {HTMLLIElement} element
 * @property {HTMLElement} label
 * @property {HTMLInputElement} check
 * @property {HTMLSelectElement | null} across
 * @property {HTMLSelectElement | null} down
 */

export class SortList {
  /**
   * @param {object} options
   * @param {string} options.label
   * @param {[string, string][]} options.names and titles of all rows
   * @param {boolean} options.sizes rows have a size
   * @param {() => void} options.changed
   */
  constructor({ label, names, sizes, changed }) {
    this.changed = changed;
    this.sizes = sizes;
    this.list = make("ol", { class: "sortlist", "aria-label": label });
    this.heard = make("p", { class: "unseen", role: "status" });
    this.element = make("div", {}, this.list, this.heard);
    /** In order. @type {Row[]} */
    this.rows = [];
    this.offer(names);
  }

  /** @param {[string, string][]} names and titles: new rows, or new titles of those that there are */
  offer(names) {
    for (const [name, title] of names) {
      const known = this.rows.find((row) => row.name === name);
      if (known) write(known.label, title);
      else this.rows.push(this.#row(name, title));
    }
    this.list.append(...this.rows.map(({ element }) => element));
    this.#show();
  }

  /** @returns {Place[]} chosen rows, in order */
  get places() {
    const chosen = this.rows.filter(({ check }) => check.checked);
    return chosen.map(({ name, across, down }) => ({ name, across: Number(across?.value ?? 1), down: Number(down?.value ?? 1) }));
  }

  /** @param {Place[]} places chosen rows, in order; the others follow them */
  set places(places) {
    const at = (/** @type {Row} */ { name }) => places.findIndex((place) => place.name === name);
    const chosen = this.rows.filter((row) => at(row) >= 0).sort((a, b) => at(a) - at(b));
    this.rows = [...chosen, ...this.rows.filter((row) => at(row) < 0)];
    this.list.append(...this.rows.map(({ element }) => element));
    for (const row of this.rows) {
      const place = places[at(row)];
      row.check.checked = place !== undefined;
      if (row.across) row.across.value = String(place?.across ?? 1);
      if (row.down) row.down.value = String(place?.down ?? 1);
    }
    this.#show();
  }

  /**
   * @param {string} name
   * @param {string} title
   * @returns {Row}
   */
  #row(name, title) {
    const { sizes } = this;
    const check = make("input", { type: "checkbox" });
    const grip = make("span", { class: "grip", "aria-hidden": "true", title: "Drag to another place" }, icon("grip"));
    const across = sizes ? numbers(`${title}: columns across`, MOST_COLUMNS) : null;
    const down = sizes ? numbers(`${title}: rows down`, MOST_DOWN) : null;
    const label = make("span", {}, title);
    const element = make("li", { "data-name": name }, grip, make("label", {}, check, label));
    if (across && down) element.append(make("span", { class: "size" }, across, "×", down));
    /** @type {Row} */
    const row = { name, title, element, label, check, across, down };
    const move = (/** @type {number} */ by) => () => {
      this.#move(row, by);
      write(this.heard, `${title} is ${this.rows.indexOf(row) + 1} of ${this.rows.length}`);
      this.#tell();
    };
    element.append(
      button("up", `Move ${title} up`, move(-1), { "data-move": "up" }),
      button("down", `Move ${title} down`, move(1), { "data-move": "down" }),
    );
    for (const field of [check, across, down]) field?.addEventListener("change", () => this.#tell());
    grip.addEventListener("pointerdown", (event) => this.#drag(row, grip, event));
    return row;
  }

  /**
   * Swaps a row with its neighbour by moving the neighbour: a moved element loses focus and pointer.
   * @param {Row} row
   * @param {number} by -1 or 1
   */
  #move(row, by) {
    const from = this.rows.indexOf(row);
    const other = this.rows[from + by];
    if (!other) return;
    this.rows[from + by] = row;
    this.rows[from] = other;
    if (by < 0) row.element.after(other.element);
    else row.element.before(other.element);
  }

  /**
   * @param {Row} row
   * @param {HTMLElement} grip
   * @param {PointerEvent} event
   */
  #drag(row, grip, { button: pressed, pointerId }) {
    if (pressed !== 0) return;
    const before = [...this.rows];
    const over = new AbortController();
    const { signal } = over;
    grip.setPointerCapture(pointerId);
    row.element.dataset.dragged = "";
    grip.addEventListener(
      "pointermove",
      ({ clientY }) => {
        for (const by of [-1, 1]) {
          // A row passes a neighbour at its middle.
          for (let other = this.#beside(row, by); other && by * (clientY - middle(other)) > 0; other = this.#beside(row, by)) this.#move(row, by);
        }
      },
      { signal },
    );
    grip.addEventListener(
      "lostpointercapture",
      () => {
        over.abort();
        delete row.element.dataset.dragged;
        if (this.rows.some((one, index) => one !== before[index])) this.#tell();
      },
      { signal },
    );
  }

  /**
   * @param {Row} row
   * @param {number} by
   * @returns {Row | undefined}
   */
  #beside(row, by) {
    return this.rows[this.rows.indexOf(row) + by];
  }

  #tell() {
    this.#show();
    this.changed();
  }

  #show() {
    for (const { element, check, across, down } of this.rows) {
      element.toggleAttribute("data-off", !check.checked);
      for (const field of [across, down]) if (field) field.disabled = !check.checked;
    }
  }
}

/** @param {Row} row */
function middle({ element }) {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}

/**
 * @param {string} label
 * @param {number} most
 */
function numbers(label, most) {
  const options = Array.from({ length: most }, (_, index) => make("option", { value: String(index + 1) }, String(index + 1)));
  return make("select", { "aria-label": label, title: label }, ...options);
}
