// @ts-check
/**
 * The display's night: dark in its hours, and lit for a minute by whoever touches it.
 *
 * `<html data-hours="dim|blank">` is all that it does; the style sheet covers the page.
 */
import { mark } from "../ui/dom.js";
import { darkAt, minuteOfDay } from "./hours.js";

/** @typedef {import("./hours.js").Dark} Dark */
/** @typedef {import("./hours.js").Hours} Hours */

/** Milliseconds for which a touch lights it. */
const LIT = 60_000;

/** The browser's own, which work in the dark as well. */
const FUNCTION_KEY = /^F\d+$/;

export class Night {
  /**
   * @param {HTMLElement} root
   * @param {{dim: Hours | null, blank: Hours | null}} hours
   * @param {() => number} now seconds since 1970 by the server's clock; NaN before it was heard
   */
  constructor(root, hours, now) {
    this.root = root;
    this.hours = hours;
    this.now = now;
    /** Until when it is lit, monotonic, milliseconds. */
    this.lit = 0;
    /** Where the pointer was seen last, on the screen. */
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
    // A page that opens at night does not wait for the server in full light.
    return darkAt(this.hours, minuteOfDay(Number.isNaN(now) ? Date.now() / 1000 : now));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const unseen = this.root.dataset.hours === "blank";
    this.light();
    // Whoever wakes a black screen means nothing else by it.
    if (!unseen || event.ctrlKey || event.altKey || event.metaKey || FUNCTION_KEY.test(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /**
   * What moves under a pointer that rests is no movement of it.
   * @param {PointerEvent} event
   */
  #moved({ screenX, screenY }) {
    const pointer = `${screenX} ${screenY}`;
    if (this.pointer && this.pointer !== pointer) this.light();
    this.pointer = pointer;
  }
}
