// @ts-check
/**
 * Clock of the server as this display can know it. Ages go by it, so that a wrong clock of the display does not
 * matter: only the monotonic clock of the display is used.
 *
 * - `hello` and `heartbeat` carry the server's time, which is the anchor.
 * - After a leap of the monotonic clock (it was wrong, or the machine slept) the anchor is in doubt: the next sample
 *   counts as one of just now.
 * - A sample cannot be from the future: one that seems to be moves the anchor forward.
 * - The two clocks drift apart by seconds a day, and a display may stay connected for months. When samples keep
 *   coming a little late the anchor follows them, but so slowly that a delayed delivery still shows for hours.
 */

/** Greatest correction, seconds per second; crystals are off by up to a tenth of it. */
const DRIFT = 0.0003;

/** Milliseconds between two looks at the monotonic clock that are a leap: pages look four times a second. */
const LEAP = 4000;

export class ServerClock {
  /** @param {() => number} [monotonic] milliseconds of a clock that is never set */
  constructor(monotonic = () => performance.now()) {
    this.monotonic = monotonic;
    /** Server time minus monotonic time, seconds. */
    this.offset = NaN;
    this.adjusted = 0;
    /** Monotonic time of the last look, milliseconds. */
    this.looked = NaN;
    this.doubtful = false;
    /** Monotonic time of the last message with the server's time, milliseconds. */
    this.heardAt = NaN;
  }

  /** @returns {number} seconds since 1970 by the server's clock; NaN before the first message */
  now() {
    return this.monotonic() / 1000 + this.offset;
  }

  /** Looks at the monotonic clock; to be called several times a second. */
  look() {
    const now = this.monotonic();
    if (Math.abs(now - this.looked) > LEAP) this.doubtful = true;
    this.looked = now;
  }

  /** @param {number} time of the server, just now */
  hear(time) {
    this.doubtful = false;
    this.heardAt = this.monotonic();
    this.offset = time - this.heardAt / 1000;
  }

  /**
   * @param {number} time of a sample that just arrived, seconds since 1970
   * @param {boolean} backwards the sample before it was from a later time
   * @param {number} patience age in seconds up to which a sample is fresh
   */
  sample(time, backwards, patience) {
    this.heardAt = this.monotonic();
    const local = this.heardAt / 1000;
    const age = local + this.offset - time;
    if (!(age >= 0) || backwards || this.doubtful) {
      this.offset = time - local;
      this.doubtful = false;
    } else if (age < patience) {
      this.offset -= Math.min(age, DRIFT * Math.min(local - this.adjusted, patience));
    }
    this.adjusted = local;
  }
}
