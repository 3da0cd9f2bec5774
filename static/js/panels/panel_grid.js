// @ts-check
/**
 * Grid of live tiles and panels with their store, clock and stream: the content of the wall, of an iframe and of a
 * web component.
 */
import { presetFor } from "../config/presets.js";
import { covering } from "../config/scope.js";
import { EventLists, MOST_ITEMS, OTHERS } from "../state/event_lists.js";
import { HostSubscription } from "../state/host_subscription.js";
import { Store } from "../state/store.js";
import { TimeWindow } from "../state/time_window.js";
import { mark, write } from "../ui/dom.js";
import { linkFacts } from "../ui/link_state.js";
import { ANY, RenderLoop } from "../ui/render_loop.js";
import { rulesOf } from "../ui/thresholds.js";
import { marksOf } from "./notices.js";
import { Past } from "./past.js";
import { placePanels, planOf, RULES } from "./plan.js";

/** @import { Interaction } from "../charts/cursor.js" */
/** @import { Display } from "../config/page_url.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { Port } from "../streaming/broker.js" */
/** @import { Data } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @import { LinkFacts } from "../ui/link_state.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { View } from "./panel.js" */
/** @import { Registry } from "./registry.js" */
/**
 * @typedef {object} PanelGridOptions
 * @property {Settings} settings
 * @property {Display} display
 * @property {Registry} registry
 * @property {Theme} theme
 * @property {HTMLElement | null} tilesInto
 * @property {HTMLElement} panelsInto
 * @property {boolean} interactive charts have a cursor and can be zoomed
 * @property {string[]} extraEvents families that the rest of the page shows
 * @property {string[]} [eventNames] events without a cadence that the rest of the page shows
 * @property {string[]} signals names of other events to receive
 * @property {(connect: (port: Port) => void) => void} connect to a broker (streaming/transport.js)
 * @property {(connect: (port: Port) => void) => void} connectMachines to another: one connection would bring all events of all machines
 * @property {Partial<PanelGridListener>} listener
 */
/** @typedef {{link: (facts: LinkFacts) => void, draw: (view: View) => void, hello: (hello: Hello) => void, signal: (name: string, data: Data) => void, held: () => void}} PanelGridListener link is called four times a second, and with every change; held when charts were paused, zoomed or released */

/** Milliseconds between two updates of ages. */
const TICK = 250;

/** Seconds after a full one in which a sample is awaited, which is taken then. */
const DUE = 0.1;

export class PanelGrid {
  /** @param {PanelGridOptions} options */
  constructor(options) {
    const { display, settings, theme, registry, connectMachines } = options;
    const plan = planOf(registry, display, settings, { hasTiles: options.tilesInto !== null, extraEvents: options.extraEvents, eventNames: options.eventNames ?? [] });
    const { wanted, published, columns } = plan;
    this.options = options;
    this.theme = theme;
    this.host = display.host ?? settings.host;
    this.timeWindow = new TimeWindow(display.window);
    this.places = plan.places;
    const { interval } = settings;
    const { window } = display;
    this.store = new Store({ interval, window, wanted, published });
    this.eventLists = new EventLists(plan.lists, plan.isTold);
    this.machines = plan.machines.length ? new registry.MachinesFeed({ settings, parts: plan.machines, catalogue: registry.catalogue, window, published, rules: RULES, connect: connectMachines, heard: () => this.#redraw() }) : null;

    /** @type {Interaction | null} */
    const interaction = options.interactive ? { key: `vitals ${theme.element.id}`, point: (time) => this.past.point(time), zoom: (from, to) => this.zoom(from, to), follow: () => this.follow() } : null;
    const direct = display.distance !== null;
    const { series } = presetFor(display.distance);
    const panelOptions = { theme, interaction, direct, series, shownByTiles: new Set(plan.tiles.map(({ value }) => value)) };
    this.tiles = plan.tiles.map((entry) => entry.make(theme));
    this.panels = plan.panels.map((entry) => entry.make(panelOptions));
    options.tilesInto?.replaceChildren(...this.tiles.map(({ element }) => element));
    options.panelsInto.replaceChildren(...this.panels.map(({ element }) => element));
    placePanels(options.panelsInto, display, this.places, this.panels);
    /** Panels of events outside of the page's scope. */
    const may = covering(settings.may);
    this.refused = new Set(this.#all().filter(({ event }) => !may(event)));
    for (const panel of this.refused) {
      mark(panel.element, "data-freshness", "absent");
      write(panel.notice, "This link does not show it");
    }

    /** @type {import("./comparison.js").Comparison | null} */
    this.before = null;
    /** True while another grid has its place: nothing is drawn. */
    this.hidden = false;
    /** @type {View | null} drawn last */
    this.view = null;
    this.renderLoop = new RenderLoop((news) => this.#draw(news));
    this.subscription = this.#subscribe(columns, [...wanted.keys(), ...[...this.eventLists.lists.keys()].filter((name) => name !== OTHERS), ...options.signals]);
    this.clock = this.subscription.clock;
    this.alertSource = settings.alertsUrl ? { url: settings.alertsUrl, host: this.host, changed: () => this.#redraw() } : null;
    this.stream = this.subscription.stream;
    this.past = new Past(this.timeWindow, [this, ...(this.machines ? [this.machines] : [])], () => {
      this.#redraw();
      options.listener.held?.();
    }, { events: this.panels.filter((panel) => panel.hasMoments && !this.refused.has(panel)).map(({ event }) => event), now: () => this.clock.now() });
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.ticking = undefined;
  }

  start() {
    this.ticking = setInterval(() => this.#tick(), TICK);
    this.stream.start();
    this.machines?.stream.start();
    const { at, zoom, window, compare } = this.options.display;
    if (at !== null) this.past.zoom({ from: at - (zoom ?? window), to: at });
    if (compare) import("./comparison.js").then(({ Comparison }) => (this.before = new Comparison(compare, this.past.feeds, () => this.#redraw())));
  }

  destroy() {
    clearInterval(this.ticking);
    this.stream.stop();
    this.machines?.stream.stop();
    this.renderLoop.stop();
    for (const panel of this.#all()) panel.destroy();
  }

  /** To be called when another theme or type size is in force. */
  restyle() {
    this.theme.renew();
    for (const panel of this.#all()) panel.restyle();
    this.#redraw();
  }

  /** Pauses the charts, or releases them. */
  toggle() {
    if (!this.timeWindow.live) this.follow();
    else if (this.view && Number.isFinite(this.view.to)) this.pause(this.view); // before the first hello the time is unknown
  }

  /** @param {{from: number, to: number}} span seconds since 1970 */
  pause(span) {
    this.past.pause(span);
  }

  /**
   * @param {number} from seconds since 1970
   * @param {number} to
   */
  zoom(from, to) {
    this.past.zoom({ from, to });
  }

  follow() {
    this.past.follow();
  }

  /** @param {1 | -1} way to the stretch before or after */
  step(way) {
    if (this.view) this.past.step(way, this.view);
  }

  /** Changes the span of time and loads history in its resolution; known rows are shown meanwhile. @param {number} window seconds */
  setWindow(window) {
    this.options.display.window = window;
    this.timeWindow.window = window;
    this.follow();
    for (const { store, stream } of this.past.feeds) {
      store.window = window;
      stream.ask({ window });
    }
  }

  /** Reports the state of the link and requests a drawing, which a hidden tab does not do. @param {...string} news */
  tell(...news) {
    this.options.listener.link?.(this.#link());
    this.renderLoop.request(...news);
  }

  #tick() {
    this.clock.look();
    this.options.listener.link?.(this.#link());
    // One drawing a second is enough, and that of the second's sample is the best.
    if (!(Math.floor(this.clock.now() - DUE) <= Math.floor(this.view?.now ?? NaN))) this.renderLoop.request();
  }

  #all() {
    return [...this.tiles, ...this.panels];
  }

  /**
   * @param {string[]} columns
   * @param {string[]} events
   */
  #subscribe(columns, events) {
    const { settings, display, signals, listener, connect, registry } = this.options;
    const { streamUrl, historyUrl } = settings;
    // Signals come under the host name of the server.
    const hosts = signals.length ? [this.host, settings.server] : [this.host];
    const lines = this.eventLists.lists.size ? MOST_ITEMS : 0;
    return new HostSubscription(
      { streamUrl, historyUrl, host: this.host, hosts, events, columns, window: display.window, lines, others: this.eventLists.lists.has(OTHERS), signals },
      this.store,
      this.eventLists,
      {
        filled: () => this.tell(ANY),
        hello: (hello) => {
          listener.hello?.(hello);
          this.tell();
        },
        heartbeat: () => this.tell(),
        heard: (name) => this.renderLoop.request(registry.catalogue.families.has(name) ? name : ANY),
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
    this.renderLoop.request(ANY);
  }

  drawNow() {
    this.#draw(new Set([ANY]));
  }

  /** @param {Set<string>} news families that have new figures, or ANY */
  #draw(news) {
    const { store, host, clock, eventLists, machines, alertSource } = this;
    if (this.hidden) return;
    this.options.listener.link?.(this.#link());
    const now = clock.now();
    const { from, to } = this.timeWindow.span(now, store.newest(host) ?? 0, store.intervals.interval(host), store.oldest(host));
    const marks = marksOf(eventLists, this.options.display.marks, from, to);
    this.before?.cover({ from, to });
    const view = { store, before: this.before, eventLists, host, now, from, to, machines, marks, alertSource, moment: this.past.moment, rules: rulesOf(store.latest(host, RULES)) };
    const moved = news.has(ANY) || to !== this.view?.to;
    for (const panel of this.#all()) {
      if (this.refused.has(panel)) continue;
      const other = panel.refresh(view);
      if (moved || other || panel.events.some((event) => news.has(event))) panel.draw(view);
    }
    this.view = view;
    this.options.listener.draw?.(view);
  }
}
