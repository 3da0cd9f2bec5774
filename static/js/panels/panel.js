// @ts-check
/**
 * Base class of panels and tiles, which show one family of figures of one host. A panel draws the content of the
 * store and owns no data. It shows the age of its figures, by the server's time of the sample:
 *
 * `data-freshness` is "waiting" before the first sample, "missing" when that is overdue, "absent" if the machine has
 * no such family, "fresh", "stale" when the family missed three of its own cadences (the panel dims), and "gone" after
 * ten (figures become a dash).
 */
import { INTERVAL_EVENT, whyMissing } from "../state/intervals.js";
import { make, mark, write } from "../ui/dom.js";
import { age, clock, wholeAge } from "../ui/format.js";

/**
 * @typedef {object} Table values of a chart
 * @property {string[]} names of its lines
 * @property {number[]} times seconds since 1970
 * @property {(number | null)[][]} columns of each line
 * @property {((value: number | null) => import("../ui/format.js").Figure)[]} formats of each line
 */
/** @import { Mark } from "../charts/overlays.js" */
/** @import { EventLists } from "../state/event_lists.js" */
/** @import { Freshness, Store } from "../state/store.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Rule } from "../ui/thresholds.js" */
/** @import { MachinesFeed } from "./machines_feed.js" */
/** @typedef {{url: string, host: string, changed: () => void}} AlertSource of what the server knows of alerts; changed: it knows more */
/**
 * @typedef {object} View
 * @property {Store} store
 * @property {EventLists} eventLists
 * @property {string} host
 * @property {number} now time by the server's clock, seconds since 1970
 * @property {number} from time at the left edge of charts
 * @property {number} to time at the right edge of charts
 * @property {readonly Rule[]} rules of the machine
 * @property {MachinesFeed | null} machines figures of other machines, if a panel shows some
 * @property {readonly Mark[]} marks events to mark in charts
 * @property {import("./comparison.js").Comparison | null} before the same stretch at an earlier time
 * @property {import("./moments.js").Moment | null} moment of the past that lists show; null: what is live
 * @property {AlertSource | null} alertSource null: GET /alerts is not there for this page
 */

/** Notices in place of figures. */
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
   * @param {string} about.event family
   * @param {string} about.title
   * @param {string} about.className
   * @param {Record<string, string>} about.attributes
   */
  constructor({ event, title, className, attributes }) {
    this.event = event;
    /** Families that it draws. */
    this.events = [event];
    /** True for a list, which shows the moment that charts are pointed at. */
    this.hasMoments = false;
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

  /** @returns {boolean} true if figures are too old to be shown */
  get gone() {
    return this.freshness === "gone";
  }

  /**
   * @param {View} view
   * @returns {boolean} true if it has to be drawn although no figure has changed
   */
  refresh({ store, host, now }) {
    return this.showAge(store.freshness(host, this.event, now), store.time(host, this.event), now, whyMissing(store.latest(host, INTERVAL_EVENT), this.event));
  }

  /**
   * @param {Freshness} freshness
   * @param {number | null} time of the newest sample
   * @param {number} now
   * @param {string | null} [why] there are no figures
   * @returns {boolean} true if the freshness has changed
   */
  showAge(freshness, time, now, why) {
    const changed = this.setFreshness(freshness);
    write(this.age, ageText(freshness, time, now));
    write(this.notice, why && freshness === "absent" ? `${NOTICES.absent}: ${why}` : NOTICES[freshness]);
    return changed;
  }

  /**
   * @param {Freshness} freshness
   * @returns {boolean} true if it has changed
   */
  setFreshness(freshness) {
    if (freshness === this.element.getAttribute("data-freshness")) return false;
    this.freshness = freshness;
    mark(this.element, "data-freshness", freshness);
    return true;
  }

  /** @param {boolean} still true while the head tells of another moment, in words that may be longer */
  holdHead(still) {
    const { style, offsetHeight } = this.head;
    if (still === (style.overflow === "hidden")) return;
    style.height = still ? `${offsetHeight}px` : "";
    style.overflow = still ? "hidden" : "";
  }

  /** @param {{name: string | null, words: string}} level */
  setLevel({ name, words }) {
    mark(this.element, "data-level", name);
    write(this.mark, words);
  }

  /**
   * @param {View} _view
   * @returns {void}
   */
  draw(_view) {}

  /** To be called when another theme or type size is in force. */
  restyle() {}

  /** Stops observers; the panel is removed from the page. */
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
