// @ts-check
/**
 * Figures of other machines than that of the page, for panels that compare them: history of the fields that are
 * drawn, then the stream that tabs share.
 */
import { covering } from "../config/scope.js";
import { INTERVAL_EVENT } from "../state/intervals.js";
import { Store } from "../state/store.js";
import { Stream } from "../streaming/stream.js";

/** @import { Catalogue } from "../config/catalogue.js" */
/** @import { Part } from "../config/figure_name.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { Port } from "../streaming/broker.js" */
/**
 * @typedef {object} MachinesFeedOptions
 * @property {Settings} settings
 * @property {readonly Part[]} parts that name machines
 * @property {Catalogue} catalogue
 * @property {number} window seconds
 * @property {ReadonlyMap<string, number | null>} published events that no machine samples
 * @property {string} rules event in which machines say their rules
 * @property {(connect: (port: Port) => void) => void} connect
 * @property {() => void} heard called when a figure has come
 */

const NAMES = new Intl.Collator("en", { numeric: true });

export class MachinesFeed {
  /** @param {MachinesFeedOptions} options */
  constructor({ settings, parts, catalogue, window, published, rules, connect, heard }) {
    const may = covering(settings.may);
    const patterns = [...new Set(parts.map(({ hosts }) => hosts ?? ""))];
    const events = [...new Set(parts.map(({ event }) => event))].filter(may);
    const others = [INTERVAL_EVENT, rules].filter(may);
    /** @type {Map<string, (key: string) => boolean>} */
    const wanted = new Map(others.map((name) => [name, () => false]));
    for (const name of events) wanted.set(name, (key) => parts.some(({ event, field }) => event === name && (field === null || field === key || key.endsWith(`.${field}`))));
    this.store = new Store({ interval: settings.interval, window, wanted, published });
    this.wants = covering(patterns);
    /** Machines that have figures, in the order of their names. @type {string[]} */
    this.known = [];
    // Of many machines only what is drawn.
    const paths = parts.map(({ event, field }) => catalogue.path(event, field));
    const historyUrl = new URL(settings.historyUrl, document.baseURI);
    if (paths.every(Boolean)) historyUrl.searchParams.set("fields", [...new Set([...paths, ...others.map((name) => (name === rules ? `${name}.rules` : `${name}.interval`))])].join());
    this.stream = new Stream(
      { streamUrl: settings.streamUrl, historyUrl: historyUrl.href, host: patterns.join(), hosts: patterns, events: [...new Set([...events, ...others])], window, lines: 0 },
      {
        history: (history) => {
          this.store.fill(history);
          for (const host of [...Object.keys(history.hosts), ...history.latest.map(({ host }) => host)]) this.#meet(host);
          heard();
        },
        hello: (hello) => this.store.greet(hello),
        heartbeat: () => {},
        event: (name, id, data, logged) => {
          if (typeof data.host !== "string" || !this.wants(data.host) || !this.store.accept(name, id, data, logged)) return;
          this.#meet(data.host);
          heard();
        },
      },
      connect,
    );
  }

  /**
   * @param {string} pattern
   * @returns {string[]} a machine that is named, known or not; or all known ones that match
   */
  hosts(pattern) {
    return pattern.includes("*") ? this.known.filter(covering([pattern])) : [pattern];
  }

  /** @param {string} host */
  #meet(host) {
    if (!this.known.includes(host) && this.wants(host)) this.known = [...this.known, host].sort(NAMES.compare);
  }
}
