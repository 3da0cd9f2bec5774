// @ts-check
/**
 * Pauses between tries: short at first, as a restart takes a second, then as long as those of EventSource. A wall is
 * live again soon, however long the server was away.
 */

/** Milliseconds. */
const FIRST = 300;
const LONGEST = 3000;

export class Backoff {
  constructor() {
    this.attempts = 0;
  }

  /** To be called after a success: the next pause is short again. */
  reset() {
    this.attempts = 0;
  }

  /** @returns {number} milliseconds, with jitter, so that displays do not come back together */
  next() {
    const pause = Math.min(LONGEST, FIRST * 2 ** this.attempts);
    this.attempts += 1;
    return pause * (0.5 + Math.random() / 2);
  }
}
