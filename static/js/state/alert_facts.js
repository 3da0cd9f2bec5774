// @ts-check
/**
 * Loads what the server knows of alerts beside their events: which are acknowledged or silenced, and past ones. It does
 * so again after a change, and now and then, as a silence may be said elsewhere.
 */

/** @typedef {{by: string, until: number, why: string, acknowledged: boolean}} Known */
/**
 * @typedef {object} Past
 * @property {string} host
 * @property {string} alert
 * @property {string} level
 * @property {string} message
 * @property {number} from seconds since 1970
 * @property {number | null} to null: nobody told of its end
 * @property {number | null} duration seconds
 * @property {number | null} worst
 * @property {string} url page of the machine at that moment
 */

/** Milliseconds between two loads without a change, and the longest random wait after a change. */
const EVERY = 60_000;
const JITTER = 1500;

const TIMEOUT = 15_000;

/** How far back past alerts are asked for. */
const SINCE = "30d";

export class AlertFacts {
  /**
   * @param {string} url of GET /alerts, whose query may have a key
   * @param {string} host
   * @param {() => void} changed called after a load
   */
  constructor(url, host, changed) {
    this.url = `${url}${url.includes("?") ? "&" : "?"}host=${host}`;
    this.changed = changed;
    /** By name and host of the alert. @type {Map<string, Known>} */
    this.known = new Map();
    /** Names and hosts of those of which nobody can say whether they hold. @type {Set<string>} */
    this.unknown = new Set();
    /** The last to begin first. @type {Past[]} */
    this.past = [];
    /** True if past alerts are shown. */
    this.wantsPast = false;
    this.stamp = "";
    this.at = -Infinity;
    this.asked = false;
  }

  /**
   * Loads what may have changed; to be called with each drawing.
   * @param {...readonly {id: string}[]} lists of events about alerts
   */
  follow(...lists) {
    const stamp = lists.map((items) => items[items.length - 1]?.id ?? "").join() + this.wantsPast;
    const isNews = stamp !== this.stamp;
    if (!isNews && performance.now() - this.at < EVERY) return;
    const wait = isNews && this.asked ? JITTER * Math.random() : 0;
    Object.assign(this, { stamp, at: performance.now(), asked: true });
    setTimeout(() => this.#load(isNews && this.wantsPast), wait);
  }

  /** @param {boolean} withPast */
  async #load(withPast) {
    try {
      const answer = await fetch(withPast ? `${this.url}&since=${SINCE}` : this.url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { alerts, past } = await answer.json();
      this.known = new Map();
      this.unknown = new Set();
      for (const { host, alert, acknowledged, silenced, unknown } of alerts) {
        if (unknown) this.unknown.add(`${alert}@${host}`);
        const known = acknowledged ?? silenced;
        if (known) this.known.set(`${alert}@${host}`, { ...known, acknowledged: Boolean(acknowledged) });
      }
      this.past = past ?? this.past;
      this.changed();
    } catch {
      // The header shows that the server is away; what is known stays, and is asked for again.
      setTimeout(() => (this.stamp = ""), TIMEOUT);
    }
  }
}
