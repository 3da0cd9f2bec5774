// @ts-check
/**
 * Turns of several pages on one display. A page with a critical alert comes at once, and stays until that is over;
 * several such pages take turns among themselves. Times are seconds.
 */

export class Turns {
  /**
   * @param {object} options
   * @param {number} options.count pages
   * @param {number} options.each seconds that each is shown
   * @param {(page: number) => boolean} options.isCritical
   * @param {(page: number) => void} options.show
   */
  constructor({ count, each, isCritical, show }) {
    this.count = count;
    this.each = each;
    this.isCritical = isCritical;
    this.show = show;
    this.shown = 0;
    this.since = NaN;
    /** True while the page that is shown stays. */
    this.stopped = false;
  }

  /** @param {number} now monotonic; called every second */
  tick(now) {
    if (Number.isNaN(this.since)) this.since = now;
    const critical = this.isCritical(this.shown);
    const next = this.#next((page) => this.isCritical(page));
    const due = !this.stopped && now - this.since >= this.each;
    if (next === null && critical) this.since = now;
    else if (next !== null && (!critical || due)) this.#turn(next, now);
    else if (next === null && due) this.step(1, now);
  }

  /**
   * @param {1 | -1} way
   * @param {number} now
   */
  step(way, now) {
    this.#turn((this.shown + way + this.count) % this.count, now);
  }

  /**
   * @param {(page: number) => boolean} wanted
   * @returns {number | null} the next page of a kind after the one that is shown
   */
  #next(wanted) {
    for (let by = 1; by < this.count; by += 1) {
      const page = (this.shown + by) % this.count;
      if (wanted(page)) return page;
    }
    return null;
  }

  /**
   * @param {number} page
   * @param {number} now
   */
  #turn(page, now) {
    this.since = now;
    this.shown = page;
    this.show(page);
  }
}
