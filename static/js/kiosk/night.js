// @ts-check
/**
 * Dims or blanks the display in its hours; input lights it for a minute.
 *
 * Sets `<html data-hours="dim|blank">`; the style sheet covers the page.
 */
import { mark } from "../ui/dom.js";
import { darkAt, minuteOfDay } from "./hours.js";

/** @import { Hours } from "../config/hours.js" */
/** @import { Dark } from "./hours.js" */

/** Milliseconds for which input lights it. */
const LIT = 60_000;

/** Keys of the browser, which work in the dark as well. */
const FUNCTION_KEY = /^F\d+$/;

export class Night {
  /**
   * @param {HTMLElement} root
   * @param {{dim: Hours | null, blank: Hours | null}} hours
   * @param {() => number} now seconds since 1970 by the server's clock; NaN before the first hello
   */
  constructor(root, hours, now) {
    this.root = root;
    this.hours = hours;
    this.now = now;
    /** Monotonic time up to which it is lit, milliseconds. */
    this.lit = 0;
    /** Last position of the pointer on the screen. */
    this.pointer = "";
  }

  start() {
    addEventListener("keydown", (event) => this.#key(event), true);
    for (const name of ["pointerdown", "wheel"]) addEventListener(name, () => this.light(), { capture: true, passive: true });
    addEventListener("pointermove", (event) => this.#moved(event), { capture: true, passive: true });
    this.tick();
  }

  /** Called every second. */
  tick() {
    const lit = performance.now() < this.lit;
    mark(this.root, "data-hours", lit ? null : this.#dark());
  }

  light() {
    this.lit = performance.now() + LIT;
    this.tick();
  }

  /** @returns {Dark | null} */
  #dark() {
    const now = this.now();
    // Before the first hello the display's own clock counts.
    return darkAt(this.hours, minuteOfDay(Number.isNaN(now) ? Date.now() / 1000 : now));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const unseen = this.root.dataset.hours === "blank";
    this.light();
    // A key that wakes a black screen does nothing else.
    if (!unseen || event.ctrlKey || event.altKey || event.metaKey || FUNCTION_KEY.test(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /**
   * Ignores events without a movement: elements that move under a resting pointer cause them too.
   * @param {PointerEvent} event
   */
  #moved({ screenX, screenY }) {
    const pointer = `${screenX} ${screenY}`;
    if (this.pointer && this.pointer !== pointer) this.light();
    this.pointer = pointer;
  }
}
