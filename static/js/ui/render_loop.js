// @ts-check
/**
 * When to draw: at most once in an animation frame and five times a second, however many events
 * arrive, and not at all while nobody can see it (a hidden tab has no animation frames).
 */

/** Milliseconds. */
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
    const wait = this.drawn + SPACING - performance.now();
    if (wait > 0) this.timer = setTimeout(() => this.#schedule(), wait);
    else this.#schedule();
  }

  /** Draw no more. What waits would hold all that it is to draw. */
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
