// @ts-check
/** Keeping the display awake: browsers let go of the lock whenever the page is not seen. */

/** Milliseconds before another try, when it was refused. */
const PAUSE = 60_000;

/** The same, when it was taken away from a page that is still seen. */
const RELEASED = 1000;

export class Wake {
  /** @param {(text: string) => void} say empty: nothing is wrong */
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
      // Some refuse while the battery is low, and all of them once the page has been hidden.
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
