// @ts-check
/** Reports the state of a display to the server every minute, under the name in its address. */

/**
 * @typedef {object} Page content of the display, as far as it is reported
 * @property {string} host
 * @property {{now: () => number}} clock
 * @property {{newest: (host: string) => number | null}} store
 * @property {{settings: {build: string}}} options
 */

/** Seconds between two reports, and the random share that they come earlier or later. */
const EVERY = 60;
const JITTER = 0.1;

/** Milliseconds from the start to the first report. */
const FIRST = 2000;

/** The server accepts a report of a name every five seconds; after a reload one may be too early. */
const TOO_SOON = 429;
const SOON = 6000;

const TIMEOUT = 15_000;
const LONGEST_URL = 500;

export class Report {
  /**
   * @param {string} url of /screens
   * @param {string} name of the display
   * @param {Page} page
   */
  constructor(url, name, page) {
    this.url = `${url}/${name}`;
    this.page = page;
    this.first = true;
  }

  start() {
    this.#later(FIRST);
  }

  /** @param {number} milliseconds */
  #later(milliseconds) {
    setTimeout(() => this.#send(), milliseconds * (1 - JITTER + 2 * JITTER * Math.random()));
  }

  async #send() {
    const again = this.first;
    this.first = false;
    let status = 0;
    try {
      const answer = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(this.#facts()),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      status = answer.status;
    } catch {
      // The header shows that the server is away; the next report is another try.
    }
    this.#later(again && status === TOO_SOON ? SOON : EVERY * 1000);
  }

  #facts() {
    const { page } = this;
    const newest = page.store.newest(page.host);
    const lag = newest === null ? NaN : Math.max(0, page.clock.now() - newest);
    return {
      build: page.options.settings.build,
      lag: Number.isNaN(lag) ? null : Math.round(lag * 1000) / 1000,
      heap: heap(),
      link: document.documentElement.dataset.link,
      width: innerWidth,
      height: innerHeight,
      url: (location.pathname + location.search).slice(0, LONGEST_URL),
      every: EVERY,
    };
  }
}

/** @returns {number | null} bytes, if the browser knows */
function heap() {
  const { memory } = /** @type {{memory?: {usedJSHeapSize: number}}} */ (/** @type {unknown} */ (performance));
  return memory ? Math.round(memory.usedJSHeapSize) : null;
}
