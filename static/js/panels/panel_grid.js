// @ts-check
/**
 * Tiles and panels that live: one store, one clock, one stream, and what draws them. The wall, an
 * embedded frame and a web component are each a board with other things around it.
 */
import { PANELS, TILE_SET, wantedBy } from "./registry.js";
import { columnsFor, DESK, presetFor } from "../config/presets.js";
import { EventLists, MOST_ITEMS } from "../state/event_lists.js";
import { RenderLoop } from "../ui/render_loop.js";
import { mark, write } from "../ui/dom.js";
import { linkFacts } from "../ui/link_state.js";
import { HostSubscription } from "../state/host_subscription.js";
import { INTERVAL_EVENT } from "../state/intervals.js";
import { covering } from "../config/scope.js";
import { Store } from "../state/store.js";
import { TimeWindow } from "../state/time_window.js";

/** @typedef {import("../config/page_url.js").Display} Display */
/** @typedef {import("../config/page_url.js").Place} Place */
/** @typedef {import("../charts/cursor.js").Interaction} Interaction */
/** @typedef {import("../ui/link_state.js").LinkFacts} LinkFacts */
/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./panel.js").View} View */
/** @typedef {import("../config/server_config.js").Settings} Settings */
/** @typedef {import("../state/store.js").Data} Data */
/** @typedef {import("../state/store.js").Hello} Hello */
/** @typedef {import("../streaming/broker.js").Port} Port */
/** @typedef {import("../ui/theme.js").Theme} Theme */
/**
 * @typedef {object} PanelGridOptions
 * @property {Settings} settings
 * @property {Display} display
 * @property {Theme} theme
 * @property {HTMLElement | null} tilesInto
 * @property {HTMLElement} panelsInto
 * @property {boolean} interactive whether somebody may point at charts and zoom
 * @property {string[]} extraEvents families that something around the board shows
 * @property {string[]} [eventNames] events that something around the board shows, kept whole
 * @property {string[]} signals other events to hear of
 * @property {(connect: (port: Port) => void) => void} connect to a broker (streaming/transport.js)
 * @property {Partial<PanelGridListener>} listener
 */
/**
 * @typedef {object} PanelGridListener
 * @property {(facts: LinkFacts) => void} link four times a second, and when anything happens
 * @property {(view: View) => void} draw
 * @property {(hello: Hello) => void} hello
 * @property {(name: string, data: Data) => void} signal
 * @property {() => void} held the charts were stopped, zoomed or let go
 */

/** How often to look at ages, milliseconds: silence sends no event that could. */
const TICK = 250;

export class PanelGrid {
  /** @param {PanelGridOptions} options */
  constructor(options) {
    const { display, settings, theme } = options;
    const preset = presetFor(display.distance);
    this.options = options;
    this.theme = theme;
    this.host = display.host ?? settings.host;
    this.timeWindow = new TimeWindow(display.window);

    const may = covering(settings.may);
    /** @type {(name: string) => boolean} */
    const mayPanel = (name) => may(/** @type {import("./registry.js").Entry} */ (PANELS.get(name)).event);
    const presetTiles = preset.tiles.filter((name) => may(TILE_SET.get(name)?.event ?? ""));
    const tileNames = options.tilesInto ? (display.tiles ?? presetTiles) : [];
    /** @type {Place[]} */
    this.places = display.panels ?? preset.panels.filter(mayPanel).map((name) => ({ name, across: 1, down: 1 }));
    const panelEntries = this.places.map(({ name }) => /** @type {import("./registry.js").Entry} */ (PANELS.get(name)));
    const tileEntries = tileNames.map((name) => /** @type {NonNullable<ReturnType<typeof TILE_SET.get>>} */ (TILE_SET.get(name)));
    const covered = [...panelEntries, ...tileEntries].filter(({ event }) => may(event));
    const wanted = wantedBy(covered, [...options.extraEvents, INTERVAL_EVENT].filter(may));
    this.store = new Store({ interval: settings.interval, window: display.window, wanted });

    const eventNames = panelEntries.filter(({ whole }) => whole).map(({ event }) => event);
    this.eventLists = new EventLists([...eventNames, ...(options.eventNames ?? [])].filter(may));

    /** @type {Interaction | null} */
    const interaction = options.interactive ? { key: `vitals ${theme.element.id}`, zoom: (from, to) => this.zoom(from, to), follow: () => this.follow() } : null;
    const direct = display.distance !== null;
    const panelOptions = { theme, interaction, direct, series: preset.series, shownByTiles: new Set(tileEntries.map(({ value }) => value)) };
    this.tiles = tileEntries.map((entry) => entry.make(theme));
    this.panels = panelEntries.map((entry) => entry.make(panelOptions));
    options.tilesInto?.replaceChildren(...this.tiles.map(({ element }) => element));
    options.panelsInto.replaceChildren(...this.panels.map(({ element }) => element));
    this.#place();
    /** Those that this page has no right to show. */
    this.refused = new Set(this.#all().filter(({ event }) => !may(event)));
    for (const panel of this.refused) {
      mark(panel.element, "data-freshness", "absent");
      write(panel.notice, "This link does not show it");
    }

    /** Whether there is anything that charts have not drawn yet. */
    this.changed = false;
    /** @type {View | null} as it was last drawn */
    this.view = null;
    this.renderLoop = new RenderLoop(() => this.#draw());
    this.subscription = this.#subscribe([...wanted.keys(), ...this.eventLists.lists.keys(), ...options.signals]);
    this.clock = this.subscription.clock;
    this.stream = this.subscription.stream;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  start() {
    this.ticking = setInterval(() => this.tell(), TICK);
    this.stream.start();
  }

  destroy() {
    clearInterval(this.ticking);
    this.stream.stop();
    this.renderLoop.stop();
    for (const panel of this.#all()) panel.destroy();
  }

  /** Another theme or type size is in force. */
  restyle() {
    this.theme.renew();
    for (const panel of this.#all()) panel.restyle();
    this.#redraw();
  }

  /** Stop the charts where they are, or let them go on. */
  toggle() {
    if (!this.timeWindow.live) this.follow();
    else if (this.view) this.pause(this.view);
  }

  /** @param {{from: number, to: number}} span seconds since 1970 */
  pause(span) {
    this.timeWindow.pause(span);
    this.store.hold();
    this.options.listener.held?.();
  }

  /**
   * @param {number} from seconds since 1970
   * @param {number} to
   */
  zoom(from, to) {
    this.timeWindow.zoom({ from, to });
    if (!this.timeWindow.live) this.store.hold();
    this.#redraw();
    this.options.listener.held?.();
  }

  follow() {
    this.timeWindow.follow();
    this.store.letGo();
    this.#redraw();
    this.options.listener.held?.();
  }

  /**
   * Another stretch of time, and with it another fineness: history is asked for anew. What is known
   * already is shown meanwhile.
   * @param {number} window seconds
   */
  setWindow(window) {
    this.options.display.window = window;
    this.timeWindow.window = window;
    this.store.window = window;
    this.follow();
    this.stream.ask({ window });
  }

  /** Say what holds now, and draw it. A hidden tab draws nothing, but still says it. */
  tell() {
    this.options.listener.link?.(this.#link());
    this.renderLoop.request();
  }

  #all() {
    return [...this.tiles, ...this.panels];
  }

  /** Desk layouts are the style sheet's; all others are a plain grid. */
  #place() {
    const { display, panelsInto } = this.options;
    const own = display.panels !== null || display.columns !== null || display.distance !== null;
    panelsInto.dataset.layout = own ? "grid" : "desk";
    const preset = presetFor(display.distance);
    const cells = this.places.reduce((sum, { across, down }) => sum + across * down, 0);
    const columns = display.columns ?? (display.panels ? columnsFor(cells) : preset.columns);
    panelsInto.style.setProperty("--columns", String(own ? columns : DESK.columns));
    this.panels.forEach(({ element }, index) => {
      const { across, down } = this.places[index];
      element.style.setProperty("--across", String(Math.min(across, columns)));
      element.style.setProperty("--down", String(down));
    });
  }

  /** @param {string[]} events */
  #subscribe(events) {
    const { settings, display, signals, listener, connect } = this.options;
    const { streamUrl, historyUrl } = settings;
    // What the server says of itself and of its displays comes under its own name.
    const hosts = signals.length ? [this.host, settings.server] : [this.host];
    const lines = this.eventLists.lists.size ? MOST_ITEMS : 0;
    return new HostSubscription(
      { streamUrl, historyUrl, host: this.host, hosts, events, window: display.window, lines, signals },
      this.store,
      this.eventLists,
      {
        filled: () => {
          this.changed = true;
          this.tell();
        },
        hello: (hello) => {
          listener.hello?.(hello);
          this.tell();
        },
        heartbeat: () => this.tell(),
        heard: () => this.#redraw(),
        signal: (name, data) => listener.signal?.(name, data),
      },
      connect,
    );
  }

  /** @returns {LinkFacts} */
  #link() {
    return linkFacts(this.stream, this.subscription.age, this.store.patienceOfFast(this.host));
  }

  #redraw() {
    this.changed = true;
    this.renderLoop.request();
  }

  #draw() {
    const { store, host, clock } = this;
    this.options.listener.link?.(this.#link());
    const now = clock.now();
    const { from, to } = this.timeWindow.span(now, store.newest(host) ?? 0, store.intervals.interval(host));
    const view = { store, eventLists: this.eventLists, host, now, from, to };
    const moved = this.changed || to !== this.view?.to;
    for (const panel of this.#all()) {
      if (this.refused.has(panel)) continue;
      const other = panel.refresh(view);
      if (moved || other) panel.draw(view);
    }
    this.changed = false;
    this.view = view;
    this.options.listener.draw?.(view);
  }
}
