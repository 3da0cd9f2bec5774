// @ts-check
/** Presence of a user. A wall that was paused and then left would show the past for months. */
import "../ui/signals.js";

/** Milliseconds without input after which the user has left. */
const PATIENCE = 15 * 60_000;
const LOOK = 1000;

const SIGNS = ["pointermove", "pointerdown", "wheel", "keydown", "touchstart"];

export class Attendance {
  /** @param {() => void} left called when the user has left, each second */
  constructor(left) {
    this.left = left;
    this.seen = 0;
    /** @type {AbortController | null} */
    this.watching = null;
  }

  /** @param {boolean} wanted */
  watch(wanted) {
    if (!wanted) {
      this.watching?.abort();
      this.watching = null;
    } else if (!this.watching) this.#begin();
  }

  #begin() {
    this.watching = new AbortController();
    const { signal } = this.watching;
    this.seen = performance.now();
    for (const sign of SIGNS) {
      addEventListener(sign, () => (this.seen = performance.now()), { signal, passive: true, capture: true });
    }
    const looking = setInterval(() => performance.now() - this.seen >= PATIENCE && this.left(), LOOK);
    signal.addEventListener("abort", () => clearInterval(looking));
  }
}
