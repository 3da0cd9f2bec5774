// @ts-check
/** View of one panel or tile that fills its box, with a line below it while it is not live; for iframes and web components. */
import "../ui/signals.js";
import { PanelGrid } from "../panels/panel_grid.js";
import { AccessProbe } from "../streaming/access_probe.js";
import { make, mark } from "../ui/dom.js";
import { LinkStatus } from "../ui/link_status.js";
import { Notes } from "../ui/notes.js";
import { Theme, resolveTheme } from "../ui/appearance.js";

/** @import { Display, ThemeName } from "../config/page_url.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { Port } from "../streaming/broker.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @import { LinkFacts } from "../ui/link_state.js" */
/**
 * @typedef {object} ViewOptions
 * @property {HTMLElement} into box with the class `embed`
 * @property {Element} themed gets data-theme
 * @property {Element} marked gets data-link
 * @property {Settings} settings
 * @property {Display} display
 * @property {import("../panels/registry.js").Registry} registry
 * @property {string} name of the panel or tile
 * @property {string[]} problems of the configuration, as sentences
 * @property {(connect: (port: Port) => void) => void} connect
 * @property {(connect: (port: Port) => void) => void} connectMachines
 * @property {() => void} refused called when access is no longer granted
 * @property {(hello: Hello) => void} [hello]
 */

const TILE = "tile-";

/**
 * Family whose samples show that the server is live. That of the panel may come once a minute, or never on
 * this machine.
 */
const PULSE = "cpu";

/** Seconds that a first connection may take before it is shown. */
const FIRST_CONNECTION = 2;

const LIGHT = "(prefers-color-scheme: light)";

export class View {
  /** @param {ViewOptions} options */
  constructor(options) {
    const { into, display, name, problems, settings, registry } = options;
    this.options = options;
    this.theme = display.theme;
    this.tiles = make("div", { class: "tiles" });
    this.panels = make("div", { class: "panels" });
    const [state, words] = [make("strong"), make("span")];
    this.line = make("p", { class: "link", hidden: "" }, state, words);
    const announcer = make("p", { class: "unseen", role: "status" });
    this.link = new LinkStatus({ marked: options.marked, state, words, announcer });
    this.probe = new AccessProbe(settings.historyUrl, options.refused);
    const list = make("div", { class: "notes", role: "alert", hidden: "" });
    // A page of somebody else has a main part of its own.
    this.sheet = make(into === document.body ? "main" : "div", { class: "sheet" }, this.tiles, this.panels, list, this.line, announcer);
    mark(this.sheet, "data-distance", display.distance);
    this.notes = new Notes(list);
    problems.forEach((problem, index) => this.notes.say(`problem-${index}`, problem));
    into.append(this.sheet);
    this.#showTheme();

    const isTile = name.startsWith(TILE);
    this.grid = new PanelGrid({
      settings,
      registry,
      display: {
        ...display,
        tiles: isTile ? [name.slice(TILE.length)] : [],
        panels: isTile ? [] : [{ name, across: 1, down: 1 }],
        columns: null,
      },
      theme: new Theme(this.sheet),
      tilesInto: this.tiles,
      panelsInto: this.panels,
      interactive: !display.kiosk,
      extraEvents: [PULSE],
      signals: [],
      connect: options.connect,
      connectMachines: options.connectMachines,
      listener: {
        link: (facts) => this.#showLink(facts),
        hello: options.hello,
        held: () => this.notes.say("held", this.grid.timeWindow.live ? "" : "stopped here: double-click to go on"),
      },
    });
    this.over = new AbortController();
    matchMedia(LIGHT).addEventListener("change", () => this.setTheme(this.theme), { signal: this.over.signal });
    this.observer = new ResizeObserver(([{ contentRect }]) => {
      // Browsers of before 2022 can't size by a box.
      if (!CSS.supports("width: 1cqw")) {
        into.style.setProperty("--cqw", `${contentRect.width / 100}px`);
        into.style.setProperty("--cqh", `${contentRect.height / 100}px`);
      }
      if (this.grid.theme.outgrown) this.grid.restyle();
    });
    this.observer.observe(this.sheet);
  }

  start() {
    this.grid.start();
  }

  /** @param {ThemeName} theme */
  setTheme(theme) {
    this.theme = theme;
    this.#showTheme();
    this.grid.restyle();
  }

  destroy() {
    this.over.abort();
    this.probe.over = true;
    this.observer.disconnect();
    this.grid.destroy();
    this.sheet.remove();
    this.options.marked.removeAttribute("data-link");
  }

  #showTheme() {
    mark(this.options.themed, "data-theme", resolveTheme(this.theme));
  }

  /** @param {LinkFacts} facts */
  #showLink(facts) {
    if (this.over.signal.aborted) return;
    const state = this.link.show(facts);
    mark(this.line, "data-state", state);
    const { everConnected, apart, trouble } = facts;
    this.line.hidden = state === "live" || (!everConnected && !trouble && apart < FIRST_CONNECTION);
    this.probe.check(this.grid.stream);
  }
}

/**
 * @param {import("../panels/registry.js").Registry} registry
 * @param {string} name
 * @returns {string} reason why there is no such panel or tile; empty if there is
 */
export function whyNot(registry, name) {
  if (name.startsWith(TILE) ? registry.tile(name.slice(TILE.length)) : registry.panel(name)) return "";
  const { panels, tiles } = registry.known;
  return `there is no panel "${name}"; there are ${[...panels, ...tiles.map((tile) => TILE + tile)].join(", ")}, and figures such as queue.length`;
}
