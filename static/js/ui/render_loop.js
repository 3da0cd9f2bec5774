// @ts-check
/**
 * Schedules drawing: at most once in an animation frame and five times a second, however many events arrive, and
 * not at all in a hidden tab, which has no animation frames.
 */

/** Least milliseconds between two drawings. */
const SPACING = 200;

export class RenderLoop {
  /** @param {() => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.drawn = -SPACING;
    this.wanted = false;
    this.over = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.scheduled = 0;
  }

  request() {
    if (this.wanted || this.over) return;
    this.wanted = true;
    const wait = Math.min(SPACING, this.drawn + SPACING - performance.now());
    if (wait > 0) this.timer = setTimeout(() => this.#schedule(), wait);
    else this.#schedule();
  }

  /** Cancels what is scheduled, which would keep its content in memory, and ignores further requests. */
  stop() {
    this.over = true;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.scheduled);
  }

  #schedule() {
    this.scheduled = requestAnimationFrame(() => {
      this.wanted = false;
      this.drawn = performance.now();
      this.draw();
    });
  }
}
