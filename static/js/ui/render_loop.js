// @ts-check
/**
 * Schedules drawing: at most once in an animation frame and five times a second, however many events arrive, and
 * not at all in a hidden tab, which has no animation frames.
 */

/** Least milliseconds between two drawings. */
const SPACING = 200;

/** Among news: anything may have changed. */
export const ANY = "*";

export class RenderLoop {
  /** @param {(news: Set<string>) => void} draw is told what was requested since the last drawing */
  constructor(draw) {
    this.draw = draw;
    /** @type {Set<string>} */
    this.news = new Set();
    this.drawn = -SPACING;
    this.wanted = false;
    this.over = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.scheduled = 0;
  }

  /** @param {...string} news names of what has changed, or ANY; nothing: only time has passed */
  request(...news) {
    for (const name of news) this.news.add(name);
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
      const { news } = this;
      this.news = new Set();
      this.draw(news);
    });
  }
}
