// @ts-check
/** Header of the wall: the machine, its clock, uptime and temperature, the state of the link, and a word when all is well. */
import { find, mark, write, writeValue } from "../ui/dom.js";
import { celsius, clock, duration, text } from "../ui/format.js";
import { PageLinkStatus } from "../ui/link_status.js";
import { openAlerts } from "./alerts.js";
import { figure } from "./panel.js";

/** @import { View } from "./panel.js" */
/** @typedef {{label: string, celsius: number | null}} Temperature */

/** What is not well, of what is shown. */
const TROUBLE = ["level", "alarm", "freshness=stale", "freshness=gone", "freshness=missing"].map((mark) => `main [data-${mark}]`).join();

export class Header {
  /** @param {HTMLElement} root <html> */
  constructor(root) {
    this.root = root;
    this.link = new PageLinkStatus(root);
    this.well = find(root, "[data-well]");
    this.clock = find(root, "[data-clock]");
    this.uptime = /** @type {HTMLDataElement} */ (find(root, '[data-value="system.uptime_seconds"]'));
    this.system = find(root, "[data-system]");
    this.sensors = find(root, '[data-fact="sensors"]');
    this.hottest = /** @type {HTMLDataElement} */ (find(root, '[data-value="sensors.celsius"]'));
  }

  /** @param {View} view */
  draw(view) {
    const { store, host, now } = view;
    mark(this.well, "hidden", this.#isWell(view) ? null : "");
    write(this.clock, clock(now));
    const system = store.latest(host, "system");
    const known = store.freshness(host, "system", now);
    const uptime = known === "gone" ? null : figure(system, "uptime_seconds");
    writeValue(this.uptime, uptime, duration(uptime));
    mark(this.uptime, "data-freshness", known);
    write(this.system, [system?.os, system?.kernel].filter((name) => typeof name === "string").join(" · "));

    const hottest = warmest(store.latest(host, "sensors")?.temperatures);
    mark(this.sensors, "hidden", hottest ? null : "");
    const felt = store.freshness(host, "sensors", now);
    mark(this.sensors, "data-freshness", felt);
    const degrees = felt === "gone" ? null : (hottest?.celsius ?? null);
    writeValue(this.hottest, degrees, text(celsius(degrees)));
  }

  /**
   * @param {View} view
   * @returns {boolean} true if the machine has said its rules, and nothing that is shown is beyond one, old or alarming
   */
  #isWell({ rules, eventLists, host }) {
    return rules.length > 0 && !openAlerts(eventLists.items("alert")).some((alert) => alert.host === host) && !this.root.querySelector(TROUBLE);
  }
}

/**
 * @param {unknown} temperatures
 * @returns {Temperature | null}
 */
function warmest(temperatures) {
  if (!Array.isArray(temperatures)) return null;
  return /** @type {Temperature[]} */ (temperatures).reduce(
    (most, one) => ((one.celsius ?? -Infinity) > (most?.celsius ?? -Infinity) ? one : most),
    /** @type {Temperature | null} */ (null),
  );
}
