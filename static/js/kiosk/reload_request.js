// @ts-check
/**
 * Somebody at a desk may ask a display to load its page anew. A stream can bring such a wish again
 * that has been obeyed already: it begins with the newest events of each name, however old. Obeyed is
 * only what was asked after this page was loaded, and nothing twice.
 */

export class ReloadRequest {
  /**
   * @param {number | null} obeyed the time of the wish for which the page was loaded last
   * @param {(time: number) => void} obey
   */
  constructor(obeyed, obey) {
    this.obeyed = obeyed;
    this.obey = obey;
    /** When this page was loaded, by the server's clock. */
    this.loaded = NaN;
  }

  /** @param {number} loaded seconds since 1970 by the server's clock, as soon as it is known */
  know(loaded) {
    if (Number.isNaN(this.loaded)) this.loaded = loaded;
  }

  /** @param {number} time of the wish, seconds since 1970 by the server's clock */
  hear(time) {
    if (!(time > this.loaded) || time === this.obeyed) return;
    this.obeyed = time;
    this.obey(time);
  }
}
