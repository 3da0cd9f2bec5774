// @ts-check
/**
 * Stream of the newest figures of many machines. It begins with the newest event of each, and so needs no history.
 *
 * It has its own connection: the one that tabs share brings every event whole, whereas this one is conflated and
 * projected by the server. Events come in batches, as dispatching thousands would take longer than drawing them.
 */
import { Connection } from "../streaming/connection.js";
import { watchLifecycle } from "../streaming/page_lifecycle.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @typedef {{event: string, data: Data, id?: string}} Item without an id while the server cannot write its log */
/**
 * @typedef {object} NewestQuery
 * @property {string[]} events
 * @property {string[]} fields
 * @property {string[]} hosts names or patterns; none: all
 * @property {number} every seconds
 */
/**
 * @typedef {object} Listener
 * @property {(hello: Hello) => void} hello
 * @property {(time: number) => void} heartbeat
 * @property {(batch: Item[]) => void} batch events of one window, in order
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
      // The newest event of each follows a gap, which is all that is needed.
      gap: () => {},
      event: (_name, _id, data) => listener.batch(JSON.parse(data)),
      state: () => {},
    });
    /** @type {NewestQuery | null} */
    this.query = null;
    watchLifecycle({
      retry: () => this.connection.hurry(),
      leave: () => this.connection.close(),
      back: () => this.query && this.ask(this.query),
    });
  }

  /** @param {NewestQuery} query replaces the one before */
  ask(query) {
    this.query = query;
    const { events, fields, hosts, every } = query;
    const url = new URL(this.streamUrl, document.baseURI);
    const parameters = { events: events.join(), fields: fields.join(), every: String(every), batch: "1", ...(hosts.length && { host: hosts.join() }) };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    this.connection.open(url.href, [BATCH], null);
  }
}
