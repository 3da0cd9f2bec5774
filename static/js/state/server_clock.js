// @ts-check
/**
 * The server's clock as this display can know it.
 *
 * Ages are told by the server's time, so a display whose own clock is wrong (or is set while the
 * page is open) tells them no differently: here only the monotonic clock counts, and the server says
 * what the time was at one moment of it.
 *
 * - `hello` and `heartbeat` carry the server's time: that is the anchor.
 * - A sample cannot be from the future: one that seems to be moves the anchor forward.
 * - The two clocks drift apart by seconds a day, and a display may stay connected for months. So when
 *   samples keep coming a little late, the anchor follows them, but so slowly that a delivery that
 *   really is late still shows for hours.
 */

/** Crystals are off by up to a tenth of this. */
const DRIFT = 0.0003;

export class ServerClock {
  /** @param {() => number} [monotonic] milliseconds of a clock that is never set */
  constructor(monotonic = () => performance.now()) {
    this.monotonic = monotonic;
    /** Server time minus monotonic time, seconds. */
    this.offset = NaN;
    this.adjusted = 0;
    /** When the server's time was told last, monotonic milliseconds. */
    this.heardAt = NaN;
  }

  /** @returns {number} seconds since 1970 by the server's clock; NaN before it was heard */
  now() {
    return this.monotonic() / 1000 + this.offset;
  }

  /** @param {number} time the server's time, just now */
  hear(time) {
    this.heardAt = this.monotonic();
    this.offset = time - this.heardAt / 1000;
  }

  /**
   * @param {number} time of a sample that just arrived, seconds since 1970
   * @param {boolean} backwards whether its family's sample before it was from a later time
   * @param {number} patience seconds of age up to which a sample counts as fresh
   */
  sample(time, backwards, patience) {
    this.heardAt = this.monotonic();
    const local = this.heardAt / 1000;
    const age = local + this.offset - time;
    if (!(age >= 0) || backwards) {
      this.offset = time - local;
    } else if (age < patience) {
      this.offset -= Math.min(age, DRIFT * Math.min(local - this.adjusted, patience));
    }
    this.adjusted = local;
  }
}
