// @ts-check
/**
 * Whether there is a right to read. A stream that is refused does not tell why: a proxy may stand before
 * a server that is away, or the server may want a token since it was started anew. History tells.
 */

/** Milliseconds between two questions. */
const PAUSE = 10_000;
const TIMEOUT = 8_000;

/** The answer where a token is wanted. */
const UNAUTHORIZED = 401;

export class AccessProbe {
  /**
   * @param {string} historyUrl
   * @param {() => void} refused called once
   */
  constructor(historyUrl, refused) {
    this.url = new URL(historyUrl, document.baseURI);
    // Beside the key of a link, which may be there.
    for (const [name, value] of Object.entries({ since: "1", points: "10" })) this.url.searchParams.set(name, value);
    this.refused = refused;
    this.asked = -Infinity;
    this.over = false;
  }

  /**
   * Called several times a second.
   * @param {{connected: boolean, trouble: string, refused?: number}} stream
   */
  check({ connected, trouble, refused }) {
    if (this.over) return;
    if (refused === UNAUTHORIZED) this.#end();
    // A server that does not answer at all is no case for another question.
    else if (!connected && trouble && performance.now() - this.asked > PAUSE) this.#ask();
  }

  async #ask() {
    this.asked = performance.now();
    const answer = await fetch(this.url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    if (answer?.status === UNAUTHORIZED && !this.over) this.#end();
  }

  #end() {
    this.over = true;
    this.refused();
  }
}
