// @ts-check
/**
 * Two clocks can be wrong, the display's and the server's, and neither may pass in silence.
 *
 * There are three to compare: the display's (which may be set), its monotonic one (which is never
 * set, but may stand still while the machine sleeps), and the server's, as it was told last. A display
 * that slept, a hello that came late and a clock that really was set all look alike at first. So the
 * clocks are compared only when the server was just heard, and what they say must last.
 *
 * Times are seconds.
 */
import { minute } from "../ui/format.js";

/**
 * @typedef {object} Reading
 * @property {number} monotonic
 * @property {number} own the display's clock, since 1970
 * @property {number} offset the server's clock minus the monotonic one; NaN before it was heard
 * @property {number} heardAt when the server's time was told last; only whether it is another matters
 */
/** @typedef {{monotonic: number, offset: number, ahead: number}} Mark what held when all was well */

/** Clocks that differ by no more than this are right. */
const LIMIT = 5;

/** So long it must have lasted. */
const LASTING = 5;

/** By as much of the time that nothing was heard two clocks may have drifted apart: ten times what they do. */
const DRIFT = 0.0003;

/** A clock that was set is worth a note for ten minutes. */
const NOTED = 600;

export class Clocks {
  /** @param {(topic: "clock" | "server-clock", text: string) => void} say */
  constructor(say) {
    this.say = say;
    this.heardAt = NaN;
    /** Since when the two differ, monotonic. @type {number | null} */
    this.differing = null;
    /** By how much, as it was said. @type {number | null} */
    this.said = null;
    /** @type {Mark | null} */
    this.mark = null;
    /** When the server's clock jumped: monotonic, and by itself. @type {{at: number, time: number} | null} */
    this.jumped = null;
    /** Until when that is noted, monotonic. */
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
   * @param {number} ahead of the server's clock
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
    // A note that is written anew is read out anew.
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
    // When the display's own clock jumped as well, it was the monotonic one that slept; or nobody knows.
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
