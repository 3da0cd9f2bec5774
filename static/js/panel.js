// @ts-check
/**
 * A piece of the wall that shows one family of figures of one host. It draws what the store holds
 * and owns no data. Whatever it shows, it says first how old that is:
 *
 * `data-freshness` is "waiting" before the first sample, "missing" when it should have come by now,
 * "absent" where the machine has no such family, "fresh", or "stale" when the family missed three of
 * its own cadences.
 */
import { make, mark, write } from "./dom.js";
import { age } from "./format.js";

/** @typedef {import("./store.js").Store} Store */
/** @typedef {import("./store.js").Data} Data */
/**
 * @typedef {object} View
 * @property {Store} store
 * @property {string} host
 * @property {number} now the server's clock, seconds since 1970
 * @property {number} from the time at the charts' left edge
 * @property {number} to the time at their right edge
 */

/** What stands in the place of figures that there are none of. */
const NOTICES = {
  waiting: "Waiting for the first sample",
  missing: "No figures from this machine",
  absent: "Not on this machine",
  fresh: "",
  stale: "",
};

export class Panel {
  /**
   * @param {object} about
   * @param {string} about.event the family shown
   * @param {string} about.title
   * @param {string} about.className
   * @param {Record<string, string>} about.attributes
   */
  constructor({ event, title, className, attributes }) {
    this.event = event;
    this.age = make("span", { class: "age" });
    this.title = make("h2", {}, title);
    this.head = make("header", {}, this.title, this.age);
    this.body = make("div", { class: "body" });
    this.notice = make("p", { class: "notice" });
    this.element = make("section", { class: className, "aria-label": title, ...attributes });
    this.element.append(this.head, this.body, this.notice);
  }

  /**
   * @param {View} view
   * @returns {void}
   */
  refresh({ store, host, now }) {
    const freshness = store.freshness(host, this.event, now);
    mark(this.element, "data-freshness", freshness);
    const time = store.time(host, this.event);
    write(this.age, freshness === "stale" && time !== null ? `${age(now - time)} old` : "");
    write(this.notice, NOTICES[freshness]);
  }

  /**
   * @param {View} _view
   * @returns {void}
   */
  draw(_view) {}

  /** Another theme or type size: what was drawn with the old one has to go. */
  restyle() {}
}

/**
 * @param {Data | null} data
 * @param {string} field
 * @returns {number | null}
 */
export function figure(data, field) {
  const value = data?.[field];
  return typeof value === "number" ? value : null;
}
