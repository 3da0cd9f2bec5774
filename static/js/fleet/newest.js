// @ts-check
/**
 * The newest figures of many machines, for ever: a stream that begins with the newest event of each, and
 * so needs no history before it.
 *
 * It has a connection of its own. The one that tabs share brings its readers every event whole; this
 * one is conflated and thinned by the server to what is shown, and what comes together is one event:
 * to dispatch some thousand would take far longer than to draw them.
 */
import { Connection } from "../streaming/connection.js";
import { watchLifecycle } from "../streaming/page_lifecycle.js";

/** @typedef {import("../state/store.js").Data} Data */
/** @typedef {import("../state/store.js").Hello} Hello */
/** @typedef {{event: string, data: Data, id?: string}} Item without an id while the log cannot be written */
/**
 * @typedef {object} Wish
 * @property {string[]} events
 * @property {string[]} fields
 * @property {string[]} hosts names or patterns; none: all
 * @property {number} every seconds
 */
/**
 * @typedef {object} Listener
 * @property {(hello: Hello) => void} hello
 * @property {(time: number) => void} heartbeat
 * @property {(batch: Item[]) => void} batch what came together, in order
 */

const BATCH = "batch";

export class Newest {
  /**
   * @param {string} streamUrl
   * @param {Listener} listener
   */
  constructor(streamUrl, listener) {
    this.streamUrl = streamUrl;
    this.connection = new Connection({
      hello: (data) => listener.hello(JSON.parse(data)),
      heartbeat: (data) => listener.heartbeat(Number(JSON.parse(data).time)),
      // The newest of each follows, and that is all that is wanted here.
      gap: () => {},
      event: (_name, _id, data) => listener.batch(JSON.parse(data)),
      state: () => {},
    });
    /** @type {Wish | null} */
    this.wish = null;
    watchLifecycle({
      retry: () => this.connection.hurry(),
      leave: () => this.connection.close(),
      back: () => this.wish && this.ask(this.wish),
    });
  }

  /** @param {Wish} wish replaces the one before */
  ask(wish) {
    this.wish = wish;
    const { events, fields, hosts, every } = wish;
    const url = new URL(this.streamUrl, document.baseURI);
    const query = { events: events.join(), fields: fields.join(), every: String(every), batch: "1", ...(hosts.length && { host: hosts.join() }) };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    this.connection.open(url.href, [BATCH], null);
  }
}
