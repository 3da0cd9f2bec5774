// @ts-check
/**
 * Open alerts as the server knows them. The conflated stream brings only the last change of each machine in a
 * period, so after a change the whole list is loaded again.
 */
import { Backoff } from "../streaming/backoff.js";

/** @import { Data } from "../streaming/history.js" */

/** Milliseconds from a change to the next load: least, and random addition. */
const PAUSE = 20_000;
const JITTER = 20_000;

/** Most milliseconds before a load after a reconnection. */
const AGAIN = 3000;

const TIMEOUT = 15_000;

export class AlertList {
  /**
   * @param {string} url
   * @param {string[]} hosts names or patterns; none: all
   * @param {(alerts: Data[], lastId: string | null) => void} loaded
   */
  constructor(url, hosts, loaded) {
    this.url = url + (hosts.length ? `?host=${hosts.join()}` : "");
    this.loaded = loaded;
    this.asked = false;
    this.backoff = new Backoff();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Loads the list after a connection was made; with jitter, so that displays do not ask together. */
  ask() {
    this.#later(this.asked ? AGAIN * Math.random() : 0);
    this.asked = true;
  }

  /** Loads the list some time after a change; with jitter, so that displays do not ask together. */
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
      this.loaded(alerts, lastId);
    } catch {
      // The header shows that the server is away; known alerts stay.
      if (this.timer === undefined) this.#later(this.backoff.next());
    }
  }
}
