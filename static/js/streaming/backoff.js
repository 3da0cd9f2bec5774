// @ts-check
/**
 * How long to wait before another try: quick at first (a restart takes a second), then as often as
 * EventSource itself would come back. However long the server was away, the wall is live again soon.
 */

/** Milliseconds. */
const FIRST = 300;
const LONGEST = 3000;

export class Backoff {
  constructor() {
    this.attempts = 0;
  }

  /** It worked: the next pause is a short one again. */
  reset() {
    this.attempts = 0;
  }

  /** @returns {number} milliseconds, with jitter, so that a wall of displays does not come back as one */
  next() {
    const pause = Math.min(LONGEST, FIRST * 2 ** this.attempts);
    this.attempts += 1;
    return pause * (0.5 + Math.random() / 2);
  }
}
