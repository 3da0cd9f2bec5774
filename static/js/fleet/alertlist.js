// @ts-check
/**
 * Which alerts are open, as the server knows it. The stream tells of changes, but of each machine only
 * the last in a period; so soon after it has told of any the whole list is asked for again.
 */
import { Backoff } from "../streaming/backoff.js";

/** @typedef {import("../state/store.js").Data} Data */

/** Milliseconds: how soon after a change, at least, and how much later at most. */
const PAUSE = 20_000;
const JITTER = 20_000;

/** The most before all is asked for again, because there was no connection. */
const AGAIN = 3000;

const TIMEOUT = 15_000;

export class AlertList {
  /**
   * @param {string} url
   * @param {string[]} hosts names or patterns; none: all
   * @param {(alerts: Data[], lastId: string | null) => void} told
   */
  constructor(url, hosts, told) {
    this.url = url + (hosts.length ? `?host=${hosts.join()}` : "");
    this.told = told;
    this.asked = false;
    this.backoff = new Backoff();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Nothing is known, or not since when. A wall of displays that come back together does not ask together. */
  ask() {
    this.#later(this.asked ? AGAIN * Math.random() : 0);
    this.asked = true;
  }

  /** Something has changed. A wall of displays does not ask at once. */
  confirm() {
    if (this.timer === undefined) this.#later(PAUSE + JITTER * Math.random());
  }

  /** @param {number} milliseconds */
  #later(milliseconds) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#load(), milliseconds);
  }

  async #load() {
    this.timer = undefined;
    try {
      const answer = await fetch(this.url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
      if (!answer.ok) throw new Error(`alerts answered ${answer.status}`);
      this.backoff.reset();
      const { alerts, last_event_id: lastId } = await answer.json();
      this.told(alerts, lastId);
    } catch {
      // The header tells of a server that is away; what is known of alerts stays.
      if (this.timer === undefined) this.#later(this.backoff.next());
    }
  }
}
