// @ts-check
/** Lines of a panel of figures: which event, field and machine each shows, and what it is called. */
import { withoutUnit } from "../config/catalogue.js";
import { figureOf, flatten } from "../state/flatten.js";
import { shortened, withoutDomains } from "../ui/names.js";
import { rulesOf } from "../ui/thresholds.js";

/** @import { Catalogue, FigureRow } from "../config/catalogue.js" */
/** @import { Part } from "../config/figure_name.js" */
/** @import { Store } from "../state/store.js" */
/** @import { View } from "./panel.js" */
/** @typedef {{store: Store, host: string, event: string, field: string, row: FigureRow}} FigureLine */

/**
 * @param {readonly Part[]} parts
 * @param {Catalogue} catalogue
 * @param {View} view
 * @returns {FigureLine[]} each once, in the order of the name
 */
export function linesOf(parts, catalogue, { store, host, machines }) {
  /** @type {Map<string, FigureLine>} */
  const lines = new Map();
  for (const { event, field, hosts } of parts) {
    const source = hosts === null ? store : machines?.store;
    if (!source) continue;
    for (const name of hosts === null ? [host] : (machines?.hosts(hosts) ?? [])) {
      for (const each of field === null ? fieldsOf(source, name, event) : [field]) {
        const own = Object.hasOwn(source.latest(name, event) ?? {}, each);
        lines.set(`${event}.${each}@${name}`, { store: source, host: name, event, field: each, row: catalogue.figure(event, each, own) });
      }
    }
  }
  return [...lines.values()];
}

/**
 * @param {Store} store
 * @param {string} host
 * @param {string} event
 * @returns {string[]} figures of its newest event, then those that it had before
 */
function fieldsOf(store, host, event) {
  const now = [...flatten(store.latest(host, event) ?? {}, () => true).keys()];
  return [...new Set([...now, ...store.series(host, event).columns.keys()])];
}

/**
 * @param {readonly FigureLine[]} lines
 * @param {boolean} [named] the name of the panel says which machines
 * @returns {string[]} names that tell them apart
 */
export function namesOf(lines, named = false) {
  const several = (/** @type {(line: FigureLine) => string} */ read) => new Set(lines.map(read)).size > 1;
  const [hosts, fields, events] = [named || several(({ host }) => host), several(({ event, field }) => `${event}.${field}`), several(({ event }) => event)];
  const called = withoutDomains(lines.map(({ host }) => host));
  return shortened(
    lines.map(({ host, field, row }) => {
      const figure = events || row.source !== "seen" ? row.title : withoutUnit(field) || field;
      if (!hosts) return figure;
      const name = called.get(host) ?? host;
      return fields ? `${name} ${figure}` : name;
    }),
  );
}

/**
 * @param {FigureLine} line
 * @returns {import("../ui/thresholds.js").Rule[]} of its machine
 */
export function rulesFor({ store, host }) {
  return rulesOf(store.latest(host, "rules"));
}

/**
 * @param {FigureLine} line
 * @returns {string} column of its series
 */
export function columnOf({ store, host, event, field }) {
  return figureOf(store.latest(host, event) ?? {}, field).column;
}
