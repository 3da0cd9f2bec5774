// @ts-check
/**
 * One connection to the server for many readers: the tabs of a browser, or the charts of a page.
 *
 * Each reader has a port and says what it wants to hear and from which id on. The connection's filter
 * is what all of them want together; it goes on from the oldest position, and no reader is sent an
 * event twice. A reader that is behind the others is served from the last stretch, or, where that
 * does not reach back to it, by opening the connection anew from its id.
 *
 * To the broker: join {stream, events, hosts, after, loaded}, ping, hurry, leave.
 * To a reader: joined, state, hello, heartbeat, event, gap {fillable}, pong, left (its broker has forgotten it).
 */
import { Connection } from "./connection.js";
import { isAfter } from "./ids.js";

/**
 * @typedef {object} Port what a MessagePort has; messages are plain objects
 * @property {(message: any) => void} postMessage
 * @property {((event: any) => any) | null} onmessage
 */
/**
 * @typedef {object} Reader
 * @property {Port} port
 * @property {string[]} events
 * @property {string[]} hosts
 * @property {string} skip up to this id it has all already
 * @property {boolean} fillable whether the log may know what a gap has missed; right behind history it does not
 * @property {number} seen when it last spoke, monotonic, milliseconds
 */
/** @typedef {{name: string, id: string, data: string}} BrokerEvent */

/** What is kept for readers that come a moment later, in characters of data. */
const REPLAY_SIZE = 1_000_000;

/** The highest sequence that an id may have. */
const LAST_SEQUENCE = "9".repeat(20);

/** Browsers let the timers of hidden tabs run once a minute; after three of those one is dead. */
const FORGOTTEN = 200_000;

export class Broker {
  constructor() {
    /** @type {Map<Port, Reader>} */
    this.readers = new Map();
    this.stream = "";
    /** @type {Set<string>} */
    this.events = new Set();
    /** @type {Set<string>} */
    this.hosts = new Set();
    /** The last events, oldest first, and the id after which they are all that there were. */
    /** @type {BrokerEvent[]} */
    this.replay = [];
    /** @type {string | null} */
    this.replayAfter = null;
    this.replaySize = 0;
    /** @type {{data: any, at: number} | null} */
    this.greeting = null;
    this.connection = new Connection({
      hello: (data) => this.#hello(data),
      heartbeat: (data) => this.#tell({ kind: "heartbeat", time: JSON.parse(data).time }),
      gap: (data) => this.#gap(data),
      event: (name, id, data, logged) => this.#event({ name, id, data }, logged),
      state: () => this.#changed(),
    });
    setInterval(() => this.#forget(), 30_000);
    // A network that comes back is worth a try at once.
    globalThis.addEventListener?.("online", () => this.connection.hurry());
  }

  /** @param {Port} port */
  accept(port) {
    port.onmessage = ({ data }) => {
      const reader = this.readers.get(port);
      if (reader) reader.seen = performance.now();
      if (data.kind === "join") this.#join(port, data);
      else if (data.kind === "leave") this.#leave(port);
      else if (data.kind === "hurry") this.connection.hurry();
      else if (data.kind === "ping") port.postMessage({ kind: reader ? "pong" : "left" });
    };
  }

  /**
   * @param {Port} port
   * @param {{stream: string, events: string[], hosts: string[], after: string | null, loaded: boolean}} wish
   *   loaded: `after` is where history ended just now
   */
  #join(port, { stream, events, hosts, after, loaded }) {
    const reader = { port, events, hosts, skip: after ?? "", fillable: true, seen: performance.now() };
    const alone = this.readers.size === 0 || (this.readers.size === 1 && this.readers.has(port));
    this.readers.set(port, reader);
    port.postMessage({ kind: "joined" });
    const covered = events.every((name) => this.events.has(name)) && hosts.every((host) => this.hosts.has(host));
    const wider = stream !== this.stream || !covered;
    const last = this.connection.lastId;
    if (this.connection.watching === undefined || (alone && !this.#reaches(after))) {
      this.#open(stream, after);
    } else if (wider || !this.#reaches(after)) {
      // What the others have had already they are not sent again.
      for (const other of this.readers.values()) {
        if (other !== reader && last && isAfter(last, other.skip)) other.skip = last;
      }
      this.#open(stream, !after || !last || isAfter(after, last) ? last : after);
    } else {
      for (const event of this.replay) if (isAfter(event.id, reader.skip)) this.#send(reader, event, true);
      if (this.greeting) port.postMessage({ kind: "hello", data: this.#greetingNow() });
    }
    reader.fillable = !loaded;
    port.postMessage(this.#state());
  }

  /** @param {string | null} after */
  #reaches(after) {
    const last = this.connection.lastId;
    if (!after || !last) return false;
    return !isAfter(last, after) || (this.replayAfter !== null && !isAfter(this.replayAfter, after));
  }

  /**
   * @param {string} stream
   * @param {string | null} after
   */
  #open(stream, after) {
    const readers = [...this.readers.values()];
    this.stream = stream;
    this.events = new Set(readers.flatMap(({ events }) => events));
    this.hosts = new Set(readers.flatMap(({ hosts }) => hosts));
    this.#clearReplay(after);
    const url = new URL(stream);
    url.searchParams.set("events", [...this.events].sort().join());
    url.searchParams.set("host", [...this.hosts].sort().join());
    this.connection.open(url.href, [...this.events], after);
  }

  /** @param {string | null} after */
  #clearReplay(after) {
    this.replay = [];
    this.replayAfter = after;
    this.replaySize = 0;
  }

  /** @param {string} data */
  #hello(data) {
    this.greeting = { data: JSON.parse(data), at: performance.now() };
    this.#tell({ kind: "hello", data: this.greeting.data });
  }

  #greetingNow() {
    if (!this.greeting) return null;
    const { data, at } = this.greeting;
    return { ...data, time: data.time + (performance.now() - at) / 1000 };
  }

  /** @param {string} data */
  #gap(data) {
    // What follows is the newest event of each name, and behind this moment all that there is.
    this.#clearReplay(`${Math.ceil(JSON.parse(data).to * 1000)}-${LAST_SEQUENCE}`);
    for (const reader of this.readers.values()) {
      // It may be another log, with whose ids the old ones can't be compared.
      reader.skip = "";
      reader.port.postMessage({ kind: "gap", fillable: reader.fillable });
      reader.fillable = true;
    }
  }

  #changed() {
    // Whatever was loaded just now is old by the time another connection stands.
    if (!this.connection.connected) for (const reader of this.readers.values()) reader.fillable = true;
    this.#tell(this.#state());
  }

  /**
   * @param {BrokerEvent} event
   * @param {boolean} logged one that the log could not take is only for those who listen now
   */
  #event(event, logged) {
    if (logged) this.#remember(event);
    for (const reader of this.readers.values()) {
      if (!logged || isAfter(event.id, reader.skip)) this.#send(reader, event, logged);
    }
  }

  /** @param {BrokerEvent} event */
  #remember(event) {
    if (this.replayAfter === null) return;
    this.replay.push(event);
    this.replaySize += event.data.length;
    while (this.replaySize > REPLAY_SIZE && this.replay.length > 1) {
      const oldest = /** @type {BrokerEvent} */ (this.replay.shift());
      this.replaySize -= oldest.data.length;
      if (isAfter(oldest.id, this.replayAfter)) this.replayAfter = oldest.id;
    }
  }

  /**
   * @param {Reader} reader
   * @param {BrokerEvent} event
   * @param {boolean} logged
   */
  #send(reader, { name, id, data }, logged) {
    if (reader.events.includes(name)) reader.port.postMessage({ kind: "event", name, id, data, logged });
  }

  #state() {
    const { connected, apart, everConnected, trouble, opened } = this.connection;
    return { kind: "state", connected, apart, everConnected, trouble, opened };
  }

  /** @param {object} message */
  #tell(message) {
    for (const { port } of this.readers.values()) port.postMessage(message);
  }

  /** @param {Port} port */
  #leave(port) {
    this.readers.delete(port);
    if (this.readers.size === 0) this.connection.close();
  }

  #forget() {
    for (const [port, { seen }] of this.readers) {
      if (performance.now() - seen < FORGOTTEN) continue;
      port.postMessage({ kind: "left" });
      this.#leave(port);
    }
  }
}
