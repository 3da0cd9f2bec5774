// @ts-check
/**
 * Reports a wrong clock, of the display or of the server.
 *
 * Three clocks are compared: the display's (which may be set), the monotonic one (which is never set, but may stop
 * while the machine sleeps), and the server's. A display that slept, a late hello and a clock that was set look alike
 * at first, so the clocks are compared only right after a message of the server, and a difference must last.
 *
 * Times are seconds.
 */
import { minute } from "../ui/format.js";

/**
 * @typedef {object} Reading
 * @property {number} monotonic
 * @property {number} own the display's clock, since 1970
 * @property {number} offset the server's clock minus the monotonic one; NaN before it was heard
 * @property {number} heardAt monotonic time of the last message with the server's time
 */
/** @typedef {{monotonic: number, offset: number, ahead: number}} Mark reading without a difference */

/** Difference that is tolerated. */
const LIMIT = 5;

/** Time for which a difference must last. */
const LASTING = 5;

/** Tolerated drift of two clocks, by the time without messages: ten times the usual one. */
const DRIFT = 0.0003;

/** Time for which a note about the server's clock is shown. */
const NOTED = 600;

export class Clocks {
  /** @param {(topic: "clock" | "server-clock", text: string) => void} say */
  constructor(say) {
    this.say = say;
    this.heardAt = NaN;
    /** Monotonic time since which the two differ. @type {number | null} */
    this.differing = null;
    /** Difference in the note. @type {number | null} */
    this.said = null;
    /** @type {Mark | null} */
    this.mark = null;
    /** Time at which the server's clock jumped: monotonic, and by itself. @type {{at: number, time: number} | null} */
    this.jumped = null;
    /** Monotonic time at which the note ends. */
    this.noted = -Infinity;
  }

  /**
   * Called every second.
   * @param {Reading} reading
   */
  judge({ monotonic, own, offset, heardAt }) {
    if (this.noted !== -Infinity && monotonic >= this.noted) {
      this.say("server-clock", "");
      this.noted = -Infinity;
    }
    if (heardAt === this.heardAt || Number.isNaN(offset)) return;
    this.heardAt = heardAt;
    this.#display(own - monotonic - offset, monotonic);
    this.#server({ monotonic, offset, ahead: own - monotonic });
  }

  /**
   * @param {number} ahead of the server, seconds
   * @param {number} monotonic
   */
  #display(ahead, monotonic) {
    if (Math.abs(ahead) <= LIMIT) {
      this.differing = this.said = null;
      this.say("clock", "");
      return;
    }
    this.differing ??= monotonic;
    if (monotonic - this.differing < LASTING) return;
    // A rewritten note is read out again by screen readers.
    if (this.said !== null && Math.abs(ahead - this.said) < Math.max(2, Math.abs(ahead) / 100)) return;
    this.said = ahead;
    this.say("clock", `this display's clock is ${durationText(ahead)} ${ahead > 0 ? "ahead of" : "behind"} the server's`);
  }

  /** @param {Mark} now */
  #server(now) {
    this.mark ??= now;
    const limit = LIMIT + DRIFT * (now.monotonic - this.mark.monotonic);
    const jump = now.offset - this.mark.offset;
    if (Math.abs(jump) <= limit) {
      this.mark = now;
      this.jumped = null;
      return;
    }
    this.jumped ??= { at: now.monotonic, time: now.monotonic + now.offset };
    if (now.monotonic - this.jumped.at < LASTING) return;
    // If the display's clock jumped as well, the monotonic one stopped, or the cause is unknown.
    if (Math.abs(now.ahead - this.mark.ahead) <= limit) {
      const way = jump > 0 ? "forward" : "back";
      this.say("server-clock", `the server's clock was set ${way} by ${durationText(jump)} at ${minute(this.jumped.time)}`);
      this.noted = now.monotonic + NOTED;
    }
    this.mark = now;
    this.jumped = null;
  }
}

/**
 * @param {number} seconds of either sign
 * @returns {string} 45 s, 3 min, 1 h 30 min, 2 d
 */
export function durationText(seconds) {
  const size = Math.abs(seconds);
  if (size < 100) return `${Math.round(size)}\u00a0s`;
  const minutes = Math.round(size / 60);
  if (minutes >= 2880) return `${Math.round(minutes / 1440)}\u00a0d`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const words = [hours && `${hours}\u00a0h`, rest && `${rest}\u00a0min`];
  return words.filter(Boolean).join(" ");
}
