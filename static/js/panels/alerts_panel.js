// @ts-check
/** Open alerts: a banner above the wall, and a panel that lists them. */
import { make, mark, write } from "../ui/dom.js";
import { clock, span } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { keep, recall } from "../ui/storage.js";
import { openAlerts } from "./alerts.js";
import { EventPanel } from "./event_panel.js";

/** @typedef {import("./alerts.js").Alert} Alert */
/** @typedef {import("./panel.js").View} View */

const MARKS = { info: "ℹ", warning: "▲", critical: "◆" };

/** Storage name of the acknowledged alerts of a display, and their greatest number. */
const MEMORY = "acknowledged";
const MOST_REMEMBERED = 100;

/** Most alerts in the banner; the rest are counted. */
const MOST_IN_BANNER = 3;

/**
 * @param {HTMLElement} element
 * @param {((alert: Alert) => void) | null} acknowledge null: rows have no button
 * @returns {KeyedList<Alert, number, {element: HTMLLIElement, since: HTMLSpanElement}>} shown with the server's time
 */
function alertList(element, acknowledge) {
  return new KeyedList(element, {
    key: ({ key }) => key,
    make: (alert) => {
      const since = make("span", { class: "since" });
      const level = make("strong", {}, `${MARKS[alert.level]} ${alert.level}`);
      const message = make("span", { class: "message" }, alert.message);
      const row = make("li", { "data-alert": alert.name, "data-severity": alert.level }, level, message, since);
      if (acknowledge) {
        const button = make("button", { type: "button" }, "acknowledge");
        button.addEventListener("click", () => acknowledge(alert));
        row.append(button);
      }
      return { element: row, since };
    },
    fill: (row, { since }, now) => write(row.since, `since ${clock(since)}, for ${span(Math.max(0, now - since))}`),
  });
}

export class AlertsPanel extends EventPanel {
  constructor() {
    super({ name: "alerts", event: "alert", title: "Alerts", nothing: "No alert is open" });
    const list = make("ul", { class: "alert-list" });
    this.body.append(list);
    this.alerts = alertList(list, null);
  }

  /** @param {View} view */
  draw({ eventLists, now }) {
    const open = openAlerts(eventLists.items(this.event));
    this.alerts.show(open, now);
    write(this.notice, open.length ? "" : this.nothing);
  }
}

export class AlertBanner {
  /**
   * @param {HTMLElement} element
   * @param {ParentNode} marked ancestor of the tiles and panels to mark
   * @param {boolean} interactive alerts can be acknowledged
   */
  constructor(element, marked, interactive) {
    this.element = element;
    this.marked = marked;
    const list = make("ul", { class: "alert-list" });
    this.more = make("p", { class: "more" });
    element.append(list, this.more);
    this.alerts = alertList(list, interactive ? (alert) => this.#acknowledge(alert) : null);
    /** @type {Set<string>} */
    this.acknowledged = new Set(remembered());
    /** @type {View | null} */
    this.view = null;
  }

  /** @param {View} view */
  draw(view) {
    this.view = view;
    const open = openAlerts(view.eventLists.items("alert")).filter(({ host }) => host === view.host);
    const loud = open.filter(({ key }) => !this.acknowledged.has(key));
    this.alerts.show(loud.slice(0, MOST_IN_BANNER), view.now);
    write(this.more, loud.length > MOST_IN_BANNER ? `and ${loud.length - MOST_IN_BANNER} more` : "");
    this.element.hidden = loud.length === 0;
    mark(this.element, "data-severity", loud[0]?.level ?? null);
    for (const element of this.marked.querySelectorAll("[data-event]")) {
      const about = open.find(({ event }) => event !== "" && event === element.getAttribute("data-event"));
      mark(element, "data-alarm", about ? about.level : null);
    }
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
