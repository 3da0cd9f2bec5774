// @ts-check
/**
 * Requests of one kind, such as to reload, from the list of screens to this display. A stream begins with the newest event of each name,
 * however old, so only a request after the load of this page counts, and each only once.
 */

/** @typedef {Record<string, unknown>} Data of the request */

export class ReloadRequest {
  /**
   * @param {number | null} obeyed time of the last request that was obeyed
   * @param {(time: number, data: Data) => void} obey
   */
  constructor(obeyed, obey) {
    this.obeyed = obeyed;
    this.obey = obey;
    /** Time at which this page was loaded, by the server's clock. */
    this.loaded = NaN;
  }

  /** @param {number} loaded seconds since 1970 by the server's clock; the first one counts */
  know(loaded) {
    if (Number.isNaN(this.loaded)) this.loaded = loaded;
  }

  /**
   * @param {number} time of the request, seconds since 1970 by the server's clock
   * @param {Data} data
   */
  hear(time, data) {
    if (!(time > this.loaded) || time === this.obeyed) return;
    this.obeyed = time;
    this.obey(time, data);
  }
}
