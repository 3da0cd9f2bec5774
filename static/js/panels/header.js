// @ts-check
/** Header of the wall: the machine, its clock, uptime and temperature, and the state of the link. */
import { find, mark, write, writeValue } from "../ui/dom.js";
import { celsius, clock, duration, text } from "../ui/format.js";
import { PageLinkStatus } from "../ui/link_status.js";
import { figure } from "./panel.js";

/** @typedef {import("./panel.js").View} View */
/** @typedef {{label: string, celsius: number | null}} Temperature */

export class Header {
  /** @param {HTMLElement} root <html> */
  constructor(root) {
    this.link = new PageLinkStatus(root);
    this.clock = find(root, "[data-clock]");
    this.uptime = /** @type {HTMLDataElement} */ (find(root, '[data-value="system.uptime_seconds"]'));
    this.system = find(root, "[data-system]");
    this.sensors = find(root, '[data-fact="sensors"]');
    this.hottest = /** @type {HTMLDataElement} */ (find(root, '[data-value="sensors.celsius"]'));
  }

  /** @param {View} view */
  draw({ store, host, now }) {
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
