// @ts-check
/**
 * A piece of the wall that shows one family of figures of one host. It draws what the store holds
 * and owns no data. Whatever it shows, it says how old that is, by the server's time of the sample:
 *
 * `data-freshness` is "waiting" before the first sample, "missing" when it should have come by now,
 * "absent" where the machine has no such family, "fresh", "stale" when the family missed three of
 * its own cadences (the panel dims), and "gone" after ten (figures give way to a dash).
 */
import { make, mark, write } from "../ui/dom.js";
import { age, clock, wholeAge } from "../ui/format.js";
import { WORDS } from "../ui/thresholds.js";

/** @typedef {import("../state/store.js").Store} Store */
/** @typedef {import("../state/event_lists.js").EventLists} EventLists */
/** @typedef {import("../state/store.js").Data} Data */
/** @typedef {import("../state/store.js").Freshness} Freshness */
/** @typedef {import("../ui/thresholds.js").Level} Level */
/**
 * @typedef {object} View
 * @property {Store} store
 * @property {EventLists} eventLists
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
  gone: "",
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
    /** @type {Freshness} */
    this.freshness = "waiting";
    this.age = make("span", { class: "age" });
    this.mark = make("strong", { class: "mark" });
    this.title = make("h2", {}, title);
    this.head = make("header", {}, this.title, this.mark, this.age);
    this.body = make("div", { class: "body" });
    this.notice = make("p", { class: "notice" });
    this.element = make("section", { class: className, "aria-label": title, "data-event": event, ...attributes });
    this.element.append(this.head, this.body, this.notice);
  }

  /** @returns {boolean} whether figures are so old that they are shown no more */
  get gone() {
    return this.freshness === "gone";
  }

  /**
   * @param {View} view
   * @returns {boolean} whether it has to be drawn anew, though no figure has changed
   */
  refresh({ store, host, now }) {
    const changed = this.setFreshness(store.freshness(host, this.event, now));
    write(this.age, ageText(this.freshness, store.time(host, this.event), now));
    write(this.notice, NOTICES[this.freshness]);
    return changed;
  }

  /**
   * @param {Freshness} freshness
   * @returns {boolean} whether it is another one than before
   */
  setFreshness(freshness) {
    if (freshness === this.element.getAttribute("data-freshness")) return false;
    this.freshness = freshness;
    mark(this.element, "data-freshness", freshness);
    return true;
  }

  /**
   * @param {Level} level
   */
  setLevel(level) {
    mark(this.element, "data-level", level || null);
    write(this.mark, WORDS[level]);
  }

  /**
   * @param {View} _view
   * @returns {void}
   */
  draw(_view) {}

  /** Another theme or type size: what was drawn with the old one has to go. */
  restyle() {}

  /** It leaves the page: nothing of it may go on listening. */
  destroy() {}
}

/**
 * @param {Freshness} freshness
 * @param {number | null} time of the sample
 * @param {number} now
 * @returns {string}
 */
function ageText(freshness, time, now) {
  if (time === null) return "";
  if (freshness === "gone") return `since ${clock(time)}`;
  return freshness === "stale" ? `${age(now - time)} old` : wholeAge(now - time);
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
