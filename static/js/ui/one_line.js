// @ts-check
/** A header whose words never stand below each other: parts are left out, and a name is shortened, until it fits. */
import { mark, write } from "./dom.js";
import { shortName } from "./names.js";

export class OneLine {
  /**
   * @param {HTMLElement} bar
   * @param {string[]} parts that are left out, in this order; the style sheet hides them by `data-without`
   */
  constructor(bar, parts) {
    this.bar = bar;
    this.parts = parts;
    mark(bar, "data-one-line", "");
  }

  fit() {
    const { bar, parts } = this;
    const name = /** @type {HTMLElement | null} */ (bar.querySelector("[data-machine]"));
    const whole = name?.getAttribute("title") ?? name?.textContent ?? "";
    if (name) write(name, whole);
    mark(bar, "data-without", null);
    const isShort = () => bar.scrollWidth <= bar.clientWidth;
    for (let count = 1; !isShort() && count <= parts.length; count += 1) mark(bar, "data-without", parts.slice(0, count).join(" "));
    if (name) shorten(name, whole, isShort);
  }
}

/**
 * Shortens a name in its middle until it fits: both its beginning and its end tell machines apart.
 * @param {HTMLElement} element
 * @param {string} whole
 * @param {() => boolean} fits
 */
function shorten(element, whole, fits) {
  for (let most = [...whole].length; !fits() && most >= 3; most -= 1) {
    write(element, shortName(whole, most));
    element.title = whole;
  }
}
