// @ts-check
/** Content of a <vitals-chart>, loaded by /static/embed.js: one panel in its shadow root. */
import "../ui/older_browsers.js";
import { readAddress } from "../config/page_url.js";
import { Registry } from "../panels/registry.js";
import { portToOwnBroker } from "../streaming/transport.js";
import { make, mark } from "../ui/dom.js";
import { catalogueOf } from "./server_catalogue.js";
import { attachStyles } from "./styles.js";
import { View, whyNot } from "./view.js";

/**
 * @typedef {object} EmbedRequest
 * @property {HTMLElement} element
 * @property {ShadowRoot} root
 * @property {string} address of the server, without a slash at its end
 * @property {string} query "?key=…" of every request, or empty
 * @property {{build: string, host: string, interval: number, events?: string[], published?: string[]}} facts
 * @property {() => void} refused called when access is no longer granted
 * @property {(text: string) => void} say shows a message in place of the panel
 */

const SHEETS = ["css/base.css", "css/panel.css", "css/embed.css"];

/** Attributes that are also keys of the wall's address. */
const KEYS = ["window", "theme", "host", "distance"];

/**
 * @param {EmbedRequest} request
 * @returns {Promise<Chart>} empty until the first change()
 */
export async function show(request) {
  const [catalogue] = await Promise.all([catalogueOf(request), attachStyles(request.root, SHEETS)]);
  const registry = new Registry(catalogue, request.facts.published ?? []);
  await registry.load(null);
  return new Chart(request, registry);
}

class Chart {
  /**
   * @param {EmbedRequest} request
   * @param {Registry} registry
   */
  constructor(request, registry) {
    this.request = request;
    this.registry = registry;
    this.box = make("div", { class: "embed" });
    request.root.append(this.box);
    mark(request.element, "data-build", request.facts.build);
    /** @type {View | null} */
    this.view = null;
    /** Configuration of the view, without the theme, which can change in place. */
    this.made = "";
  }

  change() {
    const { element, address, query, facts, say } = this.request;
    const given = new URLSearchParams({ theme: "auto" });
    for (const key of KEYS) if (element.hasAttribute(key)) given.set(key, element.getAttribute(key) ?? "");
    const { display, problems } = readAddress(given.toString(), this.registry.known);
    const name = element.getAttribute("panel") ?? "";
    const from = JSON.stringify([name, { ...display, theme: null }, problems]);
    if (this.view && from === this.made) {
      this.view.setTheme(display.theme);
      return;
    }
    this.made = from;
    this.view?.destroy();
    this.view = null;
    const trouble = whyNot(this.registry, name);
    say(trouble);
    if (trouble) return;
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
        catalogueUrl: `${address}/catalogue${query}`,
        published: facts.published ?? [],
        linksUrl: null,
        renewUrl: null,
        alertsUrl: null,
        publishing: false,
      },
      display,
      registry: this.registry,
      name,
      problems,
      connect: (connect) => connect(portToOwnBroker(address + query)),
      connectMachines: (connect) => connect(portToOwnBroker(`${address + query} machines`)),
      refused: this.request.refused,
    });
    this.view.start();
  }

  destroy() {
    this.view?.destroy();
    this.view = null;
    this.box.remove();
    mark(this.request.element, "data-build", null);
  }
}
