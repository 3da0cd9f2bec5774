// @ts-check
/** Keeps the display awake by a wake lock, which browsers release whenever the page is hidden. */

/** Milliseconds before another try after a refusal. */
const PAUSE = 60_000;

/** Milliseconds before another try after a release while the page is visible. */
const RELEASED = 1000;

export class Wake {
  /** @param {(text: string) => void} say empty: no problem */
  constructor(say) {
    this.say = say;
    /** @type {WakeLockSentinel | null} */
    this.lock = null;
    this.asking = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  start() {
    if (!isSecureContext) this.say("this display may fall asleep: a browser keeps it awake only for a page that came by HTTPS");
    else if (!navigator.wakeLock) this.say("this display may fall asleep: this browser cannot keep it awake");
    else {
      document.addEventListener("visibilitychange", () => this.#ask());
      this.#ask();
    }
  }

  async #ask() {
    if (document.hidden || this.asking || this.lock) return;
    clearTimeout(this.timer);
    this.asking = true;
    try {
      const lock = await navigator.wakeLock.request("screen");
      this.lock = lock;
      lock.addEventListener("release", () => {
        this.lock = null;
        this.timer = setTimeout(() => this.#ask(), RELEASED);
      });
      this.say("");
    } catch (error) {
      // Browsers refuse while the page is hidden, and some while the battery is low.
      if (!document.hidden) this.say(`this display may fall asleep: the browser refused to keep it awake (${reason(error)})`);
      this.timer = setTimeout(() => this.#ask(), PAUSE);
    } finally {
      this.asking = false;
    }
  }
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof Error && error.message ? error.message : String(error);
}
