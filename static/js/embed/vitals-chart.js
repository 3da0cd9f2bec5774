// @ts-check
/** What /static/embed.js asks for to fill a <vitals-chart>: one panel in its shadow. */
import { readAddress } from "../config/page_url.js";
import { KNOWN } from "../panels/registry.js";
import { make, mark } from "../ui/dom.js";
import { portToOwnBroker } from "../streaming/transport.js";
import { attachStyles } from "./styles.js";
import { NAMES, View } from "./view.js";

/**
 * @typedef {object} Wish
 * @property {HTMLElement} element
 * @property {ShadowRoot} root
 * @property {string} address of the server, without a slash at its end
 * @property {string} query "?key=…" for all that is asked of the server, or nothing
 * @property {{build: string, host: string, interval: number, events?: string[]}} facts
 * @property {() => void} refused there is no right to read, any more
 * @property {(text: string) => void} say instead of a panel
 */

const SHEETS = ["vendor/uPlot.min.css", "css/base.css", "css/panel.css", "css/embed.css"];

/** The attributes that say the same as the keys of a wall's address. */
const KEYS = ["window", "theme", "host", "distance"];

/**
 * @param {Wish} wish
 * @returns {Promise<Chart>} empty until its first change()
 */
export async function show(wish) {
  await attachStyles(wish.root, SHEETS);
  return new Chart(wish);
}

class Chart {
  /** @param {Wish} wish */
  constructor(wish) {
    this.wish = wish;
    this.box = make("div", { class: "embed" });
    wish.root.append(this.box);
    mark(wish.element, "data-build", wish.facts.build);
    /** @type {View | null} */
    this.view = null;
    /** What the view was made from; another theme needs no other view. */
    this.made = "";
  }

  change() {
    const { element, address, query, facts, say } = this.wish;
    const given = new URLSearchParams({ theme: "auto" });
    for (const key of KEYS) if (element.hasAttribute(key)) given.set(key, element.getAttribute(key) ?? "");
    const { display, problems } = readAddress(given.toString(), KNOWN);
    const name = element.getAttribute("panel") ?? "";
    const from = JSON.stringify([name, { ...display, theme: null }, problems]);
    if (this.view && from === this.made) {
      this.view.setTheme(display.theme);
      return;
    }
    this.made = from;
    this.view?.destroy();
    this.view = null;
    const known = NAMES.includes(name);
    say(known ? "" : `there is no panel "${name}"; there are ${NAMES.join(", ")}`);
    if (!known) return;
    this.view = new View({
      into: this.box,
      themed: this.box,
      marked: element,
      settings: {
        ...facts,
        server: facts.host,
        streamUrl: `${address}/stream${query}`,
        historyUrl: `${address}/history${query}`,
        screensUrl: null,
        panel: null,
        may: facts.events ?? null,
        renewUrl: null,
      },
      display,
      name,
      problems,
      connect: (connect) => connect(portToOwnBroker(address + query)),
      refused: this.wish.refused,
    });
    this.view.start();
  }

  destroy() {
    this.view?.destroy();
    this.view = null;
    this.box.remove();
    mark(this.wish.element, "data-build", null);
  }
}
