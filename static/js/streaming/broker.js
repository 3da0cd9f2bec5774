// @ts-check
/**
 * Broker of one connection for many readers: the tabs of a browser, or the charts of a page.
 *
 * Each reader has a port, and names its events, hosts and last id. The filter of the connection is the union of all;
 * it resumes from the oldest position, and no reader gets an event twice. A reader that is behind is served from the
 * replay buffer, or, if that does not reach back to its id, by reopening the connection from there.
 *
 * Messages to the broker: join {stream, events, hosts, others, after, loaded}, ping, hurry, leave.
 * Messages to a reader: joined, state, hello, heartbeat, event, gap {fillable}, pong, left (the reader was dropped).
 */
import { Connection } from "./connection.js";
import { isAfter } from "./ids.js";

/**
 * @typedef {object} Port MessagePort, or an object like one; messages are plain objects
 * @property {(message: any) => void} postMessage
 * @property {((event: any) => any) | null} onmessage
 */
/**
 * @typedef {object} Reader
 * @property {Port} port
 * @property {string[]} events
 * @property {string[]} hosts
 * @property {boolean} others wants events of all other names, too
 * @property {string} skip id up to which it has all events
 * @property {boolean} fillable history may have the events of a gap; false from a load to the first event
 * @property {number} seen monotonic time of its last message, milliseconds
 */
/** @typedef {{name: string, id: string, data: string}} BrokerEvent */

/** Size of the replay buffer, characters of data. */
const REPLAY_SIZE = 1_000_000;

/** Highest sequence of an id. */
const LAST_SEQUENCE = "9".repeat(20);

/** Milliseconds after which a silent reader is dropped: timers of hidden tabs run once a minute. */
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
    this.others = false;
    /** Last events, oldest first, complete after the id `replayAfter`. */
    /** @type {BrokerEvent[]} */
    this.replay = [];
    /** @type {string | null} */
    this.replayAfter = null;
    this.replaySize = 0;
    /** @type {{data: any, at: number} | null} */
    this.greeting = null;
    this.connection = new Connection({
      hello: (data) => this.#hello(data),
      heartbeat: (data) => this.#heartbeat(JSON.parse(data).time),
      gap: (data) => this.#gap(data),
      event: (name, id, data, logged) => this.#event({ name, id, data }, logged),
      state: () => this.#changed(),
    });
    setInterval(() => this.#forget(), 30_000);
    // Retry at once when the network is back.
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
   * @param {{stream: string, events: string[], hosts: string[], others?: boolean, after: string | null, loaded: boolean}} request
   *   loaded: `after` is the end of the history that was just loaded
   */
  #join(port, { stream, events, hosts, others = false, after, loaded }) {
    const reader = { port, events, hosts, others, skip: after ?? "", fillable: true, seen: performance.now() };
    const alone = this.readers.size === 0 || (this.readers.size === 1 && this.readers.has(port));
    this.readers.set(port, reader);
    port.postMessage({ kind: "joined" });
    const covered = events.every((name) => this.events.has(name)) && hosts.every((host) => this.hosts.has(host)) && (this.others || !others);
    const wider = stream !== this.stream || !covered;
    const last = this.connection.lastId;
    if (this.connection.watching === undefined || (alone && !this.#reaches(after))) {
      this.#open(stream, after);
    } else if (wider || !this.#reaches(after)) {
      // Events that the others have are not sent to them again.
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
    this.others = readers.some(({ others }) => others);
    this.#clearReplay(after);
    const url = new URL(stream);
    if (this.others) url.searchParams.set("others", "1");
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

  /** @param {number} time of the server */
  #heartbeat(time) {
    // Later readers are greeted by this time: the monotonic clock may have leapt since the hello.
    if (this.greeting) this.greeting = { data: { ...this.greeting.data, time }, at: performance.now() };
    this.#tell({ kind: "heartbeat", time });
  }

  #greetingNow() {
    if (!this.greeting) return null;
    const { data, at } = this.greeting;
    return { ...data, time: data.time + (performance.now() - at) / 1000 };
  }

  /** @param {string} data */
  #gap(data) {
    // The newest event of each name follows; after this moment the buffer is complete.
    this.#clearReplay(`${Math.ceil(JSON.parse(data).to * 1000)}-${LAST_SEQUENCE}`);
    for (const reader of this.readers.values()) {
      // It may be another log, whose ids cannot be compared with the old ones.
      reader.skip = "";
      reader.port.postMessage({ kind: "gap", fillable: reader.fillable });
      reader.fillable = true;
    }
  }

  #changed() {
    // Loaded history is outdated once another connection is made.
    if (!this.connection.connected) for (const reader of this.readers.values()) reader.fillable = true;
    this.#tell(this.#state());
  }

  /**
   * @param {BrokerEvent} event
   * @param {boolean} logged false: sent to current readers, but not kept
   */
  #event(event, logged) {
    if (logged) this.#remember(event);
    for (const reader of this.readers.values()) {
      if (!logged || isAfter(event.id, reader.skip)) this.#send(reader, event, logged);
      // What comes after this is no answer to its join.
      reader.fillable = true;
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
    // What is another name for one reader may be listened for by the next.
    if (reader.others || reader.events.includes(name)) reader.port.postMessage({ kind: "event", name, id, data, logged });
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
