// @ts-check
/** Subscription to the events of one machine: fills its store and event lists, and keeps the server's clock. */
import { Stream } from "../streaming/stream.js";
import { ServerClock } from "./server_clock.js";

/** @import { Port } from "../streaming/broker.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Hello, StreamOptions } from "../streaming/stream.js" */
/** @import { EventLists } from "./event_lists.js" */
/** @import { Store } from "./store.js" */
/**
 * @typedef {object} HostListener
 * @property {() => void} filled called after history was loaded
 * @property {(hello: Hello) => void} hello
 * @property {() => void} heartbeat
 * @property {(name: string) => void} heard called after a new sample or event of this machine was stored
 * @property {(name: string, data: Data) => void} [signal] called with events named in `signals`, of any host
 */

export class HostSubscription {
  /**
   * @param {StreamOptions & {signals?: string[]}} options
   * @param {Store} store
   * @param {EventLists | null} eventLists
   * @param {HostListener} listener
   * @param {(connect: (port: Port) => void) => void} connect finds a broker (streaming/transport.js)
   */
  constructor(options, store, eventLists, listener, connect) {
    this.host = options.host;
    this.signals = options.signals ?? [];
    this.store = store;
    this.eventLists = eventLists;
    this.listener = listener;
    this.clock = new ServerClock();
    this.stream = new Stream(
      options,
      {
        history: (history) => {
          // The hello is more exact, but may come much later.
          if (Number.isNaN(this.clock.now())) this.clock.hear(history.to);
          store.fill(history);
          eventLists?.fill(history.lines ?? {});
          listener.filled();
        },
        hello: (hello) => {
          this.clock.hear(hello.time);
          store.greet(hello);
          listener.hello(hello);
        },
        heartbeat: (time) => {
          this.clock.hear(time);
          listener.heartbeat();
        },
        event: (name, id, data, logged) => this.#hear(name, id, data, logged),
      },
      connect,
    );
  }

  /** @returns {number | null} age of the newest sample of the quickest families, seconds; null before the first */
  get age() {
    const newest = this.store.newest(this.host);
    return newest === null ? null : Math.max(0, this.clock.now() - newest);
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {Data} data
   * @param {boolean} logged
   */
  #hear(name, id, data, logged) {
    const { store, host, clock } = this;
    if (this.signals.includes(name)) {
      this.listener.signal?.(name, data);
      return;
    }
    if (data.host !== host) return;
    const isNews = this.eventLists?.accept(name, id, data, logged) ?? false;
    const before = store.time(host, name);
    const figures = store.accept(name, id, data, logged);
    const time = Number(data.time);
    // A delayed event is new, but does not tell the time.
    if (figures && store.time(host, name) === time && !store.published.has(name)) {
      clock.sample(time, before !== null && time < before, store.patience(host, name));
    }
    if (figures || isNews) this.listener.heard(name);
  }
}
