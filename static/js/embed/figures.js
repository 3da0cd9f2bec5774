// @ts-check
/**
 * Newest figures of one machine, shared by all <vitals-number> elements of a page that show some of them: one
 * history and one subscription for any number of elements.
 */
import { covering } from "../config/scope.js";
import { HostSubscription } from "../state/host_subscription.js";
import { INTERVAL_EVENT } from "../state/intervals.js";
import { Store } from "../state/store.js";
import { AccessProbe } from "../streaming/access_probe.js";
import { portToOwnBroker } from "../streaming/transport.js";
import { rulesOf } from "../ui/thresholds.js";

/** @import { Catalogue } from "../config/catalogue.js" */
/** @import { Freshness } from "../state/store.js" */
/** @import { Data } from "../streaming/history.js" */
/** @typedef {{address: string, query: string}} Server query: "?key=…", or nothing */
/** @typedef {{host: string, interval: number, events?: string[]}} Facts answer of GET /embed */
/** @typedef {{event: string, show: () => void, refused: () => void}} Watcher */

/** Milliseconds between two updates of ages. */
const TICK = 250;

/** Milliseconds to wait for more elements, which come one by one while a page is built. */
const GATHER = 50;

/** Seconds of history to ask for: only its newest events are used. */
const WINDOW = 1;

/** Event in which a machine says its rules. */
const RULES = "rules";

export class Figures {
  /**
   * @param {Server} server
   * @param {string} host the machine
   * @param {Facts} facts
   * @param {Catalogue} catalogue
   */
  constructor({ address, query }, host, { interval, events }, catalogue) {
    this.host = host;
    this.catalogue = catalogue;
    /** Events beside those of the figures. */
    this.extraEvents = [INTERVAL_EVENT, RULES].filter(covering(events ?? null));
    /** @type {Set<Watcher>} */
    this.watchers = new Set();
    /** @type {Map<string, (key: string) => boolean>} */
    this.wanted = new Map(this.extraEvents.map((event) => [event, () => false]));
    /** Events that no machine samples, and their declared cadence. @type {Map<string, number | null>} */
    this.published = new Map([[RULES, null]]);
    this.store = new Store({ interval, window: WINDOW, wanted: this.wanted, published: this.published });
    this.subscription = new HostSubscription(
      { streamUrl: `${address}/stream${query}`, historyUrl: `${address}/history${query}`, host, hosts: [host], events: [], window: WINDOW, lines: 0 },
      this.store,
      null,
      {
        filled: () => this.#tell(),
        hello: () => {},
        heartbeat: () => {},
        heard: (name) => this.#show(name),
      },
      (connect) => connect(portToOwnBroker(address + query)),
    );
    this.stream = this.subscription.stream;
    this.probe = new AccessProbe(`${address}/history${query}`, () => this.watchers.forEach(({ refused }) => refused()));
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.gathering = undefined;
    this.started = false;
    this.ticking = setInterval(() => this.#tell(), TICK);
  }

  /** @param {Watcher} watcher */
  add(watcher) {
    this.watchers.add(watcher);
    if (this.wanted.has(watcher.event)) return;
    this.wanted.set(watcher.event, () => false);
    if (!this.catalogue.families.has(watcher.event)) this.published.set(watcher.event, this.catalogue.every(watcher.event));
    this.gathering ??= setTimeout(() => this.#ask(), GATHER);
  }

  /** @param {Watcher} watcher */
  remove(watcher) {
    this.watchers.delete(watcher);
  }

  destroy() {
    this.probe.over = true;
    clearTimeout(this.gathering);
    clearInterval(this.ticking);
    this.stream.stop();
  }

  /**
   * @param {string} event
   * @returns {{freshness: Freshness, data: Data | null, age: number, rules: import("../ui/thresholds.js").Rule[]}} data is null if there is none to show
   */
  newest(event) {
    const { store, host } = this;
    const now = this.subscription.clock.now();
    const time = store.time(host, event);
    const age = time === null ? 0 : Math.max(0, now - time);
    const freshness = store.freshness(host, event, now);
    return { freshness, data: freshness === "gone" ? null : store.latest(host, event), age, rules: rulesOf(store.latest(host, RULES)) };
  }

  #ask() {
    this.gathering = undefined;
    const events = [...this.wanted.keys()];
    if (this.started) this.stream.ask({ events });
    else {
      this.stream.options.events = events;
      this.stream.start();
      this.started = true;
    }
  }

  /** @param {string} name */
  #show(name) {
    for (const watcher of this.watchers) if (watcher.event === name) watcher.show();
  }

  #tell() {
    this.probe.check(this.stream);
    for (const watcher of this.watchers) watcher.show();
  }
}

/** @type {Map<string, Figures>} */
const shared = new Map();

/**
 * @param {Server} server
 * @param {string} host
 * @param {Facts} facts
 * @param {Catalogue} catalogue
 * @param {Watcher} watcher
 * @returns {{figures: Figures, leave: () => void}} figures shared by all elements of this server and machine
 */
export function watch(server, host, facts, catalogue, watcher) {
  const key = `${server.address} ${server.query} ${host}`;
  const figures = shared.get(key) ?? new Figures(server, host, facts, catalogue);
  shared.set(key, figures);
  figures.add(watcher);
  return {
    figures,
    leave: () => {
      figures.remove(watcher);
      if (figures.watchers.size > 0 || shared.get(key) !== figures) return;
      shared.delete(key);
      figures.destroy();
    },
  };
}
