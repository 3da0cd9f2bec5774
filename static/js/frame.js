// @ts-check
/**
 * When to draw: at most once in an animation frame and five times a second, however many events
 * arrive, and not at all while nobody can see it (a hidden tab has no animation frames).
 */

/** Milliseconds. */
const SPACING = 200;

export class Frame {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.drawn = -SPACING;
    this.wanted = false;
  }

  request() {
    if (this.wanted) return;
    this.wanted = true;
    const wait = this.drawn + SPACING - performance.now();
    if (wait > 0) setTimeout(() => this.#schedule(), wait);
    else this.#schedule();
  }

  #schedule() {
    requestAnimationFrame(() => {
      this.wanted = false;
      this.drawn = performance.now();
      this.draw();
    });
  }
}
