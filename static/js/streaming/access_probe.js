// @ts-check
/**
 * Detects that access is no longer granted. A refused stream does not show its status: a proxy may answer for a
 * server that is away, or the server may need a token since its restart. A request for history shows it. So it does
 * where a proxy signs people in: it leads elsewhere whom it does not know any more.
 */

/** Milliseconds between two requests. */
const PAUSE = 10_000;
const TIMEOUT = 8_000;

/** Status of an answer without a valid token. */
const UNAUTHORIZED = 401;

export class AccessProbe {
  /**
   * @param {string} historyUrl
   * @param {() => void} refused called once
   */
  constructor(historyUrl, refused) {
    this.url = new URL(historyUrl, document.baseURI);
    // The URL may have the key of a link already.
    for (const [name, value] of Object.entries({ since: "1", points: "10" })) this.url.searchParams.set(name, value);
    this.refused = refused;
    this.asked = -Infinity;
    this.over = false;
  }

  /**
   * To be called with the state of the stream, several times a second.
   * @param {{connected: boolean, trouble: string, refused?: number}} stream
   */
  check({ connected, trouble, refused }) {
    if (this.over) return;
    if (refused === UNAUTHORIZED) this.#end();
    // Without trouble the connection is only being made.
    else if (!connected && trouble && performance.now() - this.asked > PAUSE) this.#ask();
  }

  async #ask() {
    this.asked = performance.now();
    const how = /** @type {const} */ ({ cache: "no-store", redirect: "manual" });
    const answer = await fetch(this.url, { ...how, signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    const refused = answer?.status === UNAUTHORIZED || answer?.type === "opaqueredirect";
    if (refused && !this.over) this.#end();
  }

  #end() {
    this.over = true;
    this.refused();
  }
}
