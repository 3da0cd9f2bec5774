// @ts-check
/** Banner of the open alerts above the wall, loaded with the first of them. */
import { make, mark, write } from "../ui/dom.js";
import { keep, recall } from "../ui/storage.js";
import { alertList, knownWords, openIn } from "./alert_rows.js";

/** @import { Known } from "../state/alert_facts.js" */
/** @import { Alert } from "./alerts.js" */
/** @import { View } from "./panel.js" */

/** Storage name of the acknowledged alerts of a display, and their greatest number. */
const MEMORY = "acknowledged";
const MOST_REMEMBERED = 100;

/** Most alerts in the banner at a time, and seconds of a turn. The style sheet bounds its height. */
const MOST_IN_BANNER = 3;
const TURN = 8;

export class AlertBanner {
  /**
   * @param {HTMLElement} element
   * @param {ParentNode} marked ancestor of the tiles and panels to mark
   * @param {boolean} interactive alerts can be acknowledged
   * @param {((alert: Alert, here: () => void) => void) | null} [ask] asks for whom; null: for this display alone
   */
  constructor(element, marked, interactive, ask = null) {
    this.element = element;
    this.marked = marked;
    const list = make("ul", { class: "alert-list" });
    this.more = make("p", { class: "more" });
    this.quiet = make("p", { class: "quiet" });
    element.append(list, this.more, this.quiet);
    const acknowledge = (/** @type {Alert} */ alert) => (ask ? ask(alert, () => this.#acknowledge(alert)) : this.#acknowledge(alert));
    this.alerts = alertList(list, interactive ? acknowledge : null);
    /** @type {Set<string>} */
    this.acknowledged = new Set(remembered());
    /** @type {View | null} */
    this.view = null;
    /** What was measured, how many alerts fit, and the time from which turns are counted. */
    this.measured = { of: "", fit: 1, from: 0 };
  }

  /** @param {View} view */
  draw(view) {
    this.view = view;
    const open = openIn(view).filter(({ alert }) => alert.host === view.host);
    const known = open.filter((each) => each.known);
    const loud = open.filter((each) => !each.known && !this.acknowledged.has(each.alert.key));
    mark(this.element, "hidden", loud.length + known.length === 0 ? "" : null);
    mark(this.element, "data-severity", loud[0]?.alert.level ?? null);
    write(this.quiet, known.length ? `${known[0].alert.message}: ${knownWords(/** @type {Known} */ (known[0].known), view.now)}${known.length > 1 ? `, and ${known.length - 1} more` : ""}` : "");
    this.#takeTurns(loud, view.now);
    for (const element of this.marked.querySelectorAll("[data-event]")) {
      const about = open.find(({ alert }) => alert.event !== "" && alert.event === element.getAttribute("data-event"));
      mark(element, "data-alarm", about && !about.known ? about.alert.level : null);
    }
  }

  /**
   * Shows as many as fit into the share of the height, the gravest first; more take turns. A page that scrolls has no
   * such bound.
   * @param {{alert: Alert, known: Known | null}[]} loud
   * @param {number} now
   */
  #takeTurns(loud, now) {
    const of = [innerWidth, innerHeight, this.quiet.textContent, ...loud.map(({ alert }) => alert.key + alert.message)].join();
    if (of !== this.measured.of) {
      let fit = Math.min(MOST_IN_BANNER, loud.length);
      mark(this.element, "data-tight", null);
      const isCut = () => [this.element, this.alerts.element].some(({ scrollHeight, clientHeight }) => scrollHeight > clientHeight + 1);
      for (; fit > 0; fit -= 1) {
        this.#show(loud, 0, fit, now);
        if (!isCut()) break;
      }
      // Not even one fits: it goes without its times.
      mark(this.element, "data-tight", fit === 0 && loud.length ? "" : null);
      this.measured = { of, fit: Math.max(1, fit), from: now };
    }
    const { fit, from } = this.measured;
    const turns = Math.max(1, Math.ceil(loud.length / fit));
    this.#show(loud, fit * (Math.floor(Math.max(0, now - from) / TURN) % turns), fit, now);
  }

  /**
   * @param {{alert: Alert, known: Known | null}[]} loud
   * @param {number} first
   * @param {number} count
   * @param {number} now
   */
  #show(loud, first, count, now) {
    const end = Math.min(first + count, loud.length);
    this.alerts.show(loud.slice(first, end), now);
    write(this.more, end - first < loud.length ? `${first + 1}${end > first + 1 ? `–${end}` : ""} of ${loud.length}` : "");
  }

  /** @param {Alert} alert */
  #acknowledge({ key }) {
    this.acknowledged.add(key);
    // If the browser refuses, the alert is shown again after a reload.
    keep(MEMORY, [...this.acknowledged].slice(-MOST_REMEMBERED), "localStorage");
    if (this.view) this.draw(this.view);
  }
}

/** @returns {string[]} */
function remembered() {
  const kept = recall(MEMORY, "localStorage");
  return Array.isArray(kept) ? kept.map(String) : [];
}
