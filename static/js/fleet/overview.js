// @ts-check
/** State of the overview: its machines, their order and layout, and the stream of their newest figures. */
import { DEFAULTS } from "../config/page_url.js";
import { covering } from "../config/scope.js";
import { patienceFor } from "../state/intervals.js";
import { ServerClock } from "../state/server_clock.js";
import { TimeWindow } from "../state/time_window.js";
import { askHistory } from "../streaming/history.js";
import { isAfter } from "../streaming/ids.js";
import { linkFacts } from "../ui/link_state.js";
import { RenderLoop } from "../ui/render_loop.js";
import { AlertList } from "./alertlist.js";
import { MOST_LINES } from "./cpu_line.js";
import { PULSE, SHARES, TILE_FIGURES, wantedFor } from "./figures.js";
import { matcher, WORST } from "./fleet_url.js";
import { LayoutSwitch } from "./layout_switch.js";
import { Machines } from "./machines.js";
import { Newest } from "./newest.js";
import { Order } from "./order.js";

/** @import { Data } from "../streaming/history.js" */
/** @import { Hello } from "../streaming/stream.js" */
/** @import { LinkFacts } from "../ui/link_state.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { FleetSettings } from "./fleet_config.js" */
/** @import { Asked } from "./fleet_url.js" */
/** @import { Item, NewestQuery } from "./newest.js" */
/**
 * @typedef {object} OverviewOptions
 * @property {FleetSettings} settings
 * @property {Asked} asked
 * @property {Theme} theme
 * @property {HTMLElement} list
 * @property {HTMLElement} aside
 * @property {boolean} interactive shows tooltips; charts to zoom there are none
 * @property {string[]} signals names of other events to receive
 * @property {(name: string) => string | null} hrefOf URL of a machine's page
 * @property {{link: (facts: LinkFacts) => void, draw: (overview: Overview, now: number) => void, hello: (hello: Hello) => void, signal: (name: string, data: Data) => void}} listener
 */

/** Milliseconds between two updates of ages. */
const TICK = 1000;

/** Milliseconds after the start by which all machines have come. */
const SETTLED = 5000;

/** Seconds between two searches for machines that the log has forgotten. */
const FORGET = 10;

/** Conflation window in seconds by the least number of machines; the first that fits. */
const PERIODS = [
  { machines: 300, every: 5 },
  { machines: 60, every: 3 },
  { machines: 0, every: 2 },
];

/** Milliseconds between two loads of the alerts at the most. */
const CONFIRM = 60_000;

/** Most alerts received while the list is being loaded. */
const MOST_HEARD = 200;

export class Overview {
  /** @param {OverviewOptions} options */
  constructor(options) {
    const { settings, asked, theme, listener, list } = options;
    this.options = { ...options, interactive: false };
    this.theme = theme;
    this.clock = new ServerClock();
    /** Always live: the overview has nothing to pause. */
    this.timeWindow = new TimeWindow(DEFAULTS.window);
    this.host = settings.host;
    this.machines = new Machines({ interval: settings.interval, retention: settings.retention, wants: matcher(asked.hosts) });
    this.order = new Order(asked.sort ?? "worst");
    /** As the kiosk reads a store. */
    this.store = { newest: () => this.newest() };
    this.layout = new LayoutSwitch(options, asked.hosts.length ? 1 : settings.machines);
    this.forgotten = 0;
    this.every = 0;
    this.queried = "";
    /** @type {{id: string, data: Data}[]} */
    this.heard = [];
    /** @type {Promise<import("../streaming/history.js").History> | null} */
    this.past = null;
    this.renderLoop = new RenderLoop(() => this.#draw());
    this.may = covering(settings.may);
    this.newestStream = new Newest(settings.streamUrl, {
      hello: (hello) => {
        this.clock.hear(hello.time);
        this.machines.greet(hello);
        if (this.may("alert")) this.alerts.ask();
        listener.hello(hello);
        this.tell();
      },
      heartbeat: (time) => this.clock.hear(time),
      batch: (items) => this.#take(items),
    });
    this.stream = this.newestStream.connection;
    this.alerts = new AlertList(settings.alertsUrl, asked.hosts, (alerts, lastId) => this.#setAlerts(alerts, lastId));
    const resize = () => {
      this.layout.resize();
      this.renderLoop.request();
    };
    new ResizeObserver(resize).observe(list);
    // The visible part of a scrolling list depends on the window.
    addEventListener("resize", resize);
  }

  start() {
    setInterval(() => this.tell(), TICK);
    // A silence changes no alert's event.
    setInterval(() => this.may("alert") && this.alerts.confirm(), CONFIRM);
    setTimeout(() => this.layout.settle(), SETTLED);
    this.#ask();
  }

  /** To be called when another theme or type size is in force. */
  restyle() {
    this.theme.renew();
    this.layout.restyle();
    this.renderLoop.request();
  }

  tell() {
    this.clock.look();
    this.options.listener.link(this.#link());
    this.renderLoop.request();
  }

  /** @returns {number | null} time at which the log took the newest sample of all */
  newest() {
    return this.machines.newest?.newest ?? null;
  }

  /** @param {Item[]} items of one batch */
  #take(items) {
    const { signals, listener } = this.options;
    let newest = 0;
    for (const { event, data, id = "" } of items) {
      // An event without an id was not logged.
      const at = id ? Number.parseInt(id, 10) / 1000 : this.clock.now();
      if (signals.includes(event)) listener.signal(event, data);
      else if (this.machines.accept(event, data, at)) {
        newest = Math.max(newest, at);
        if (event === "alert") this.#hear(id, data);
      }
    }
    if (newest === 0) return;
    this.clock.sample(newest, false, patienceFor(this.machines.intervals.own) + this.every);
    this.renderLoop.request();
  }

  /**
   * @param {string} id
   * @param {Data} data of an alert
   */
  #hear(id, data) {
    this.heard.push({ id, data });
    if (this.heard.length > MOST_HEARD) this.heard.shift();
    this.alerts.confirm();
  }

  /**
   * @param {Data[]} alerts
   * @param {string | null} lastId newest id that the list covers
   */
  #setAlerts(alerts, lastId) {
    this.machines.setAlerts(alerts);
    this.heard = this.heard.filter(({ id }) => id && (!lastId || isAfter(id, lastId)));
    for (const { data } of this.heard) this.machines.accept("alert", data, 0);
    this.renderLoop.request();
  }

  /** Requests the figures that are drawn, in a window that suits the number of machines. */
  #ask() {
    const { asked, settings, signals } = this.options;
    // With a filter the number is known only once machines have come.
    const count = this.machines.all.size || (asked.hosts.length ? 0 : settings.machines);
    // Never shortened, so that a machine that comes and goes does not reopen the stream.
    this.every = Math.max(this.every, PERIODS.find(({ machines }) => count >= machines)?.every ?? 2);
    this.machines.setEvery(this.every);
    const metric = asked.metric === WORST ? null : asked.metric;
    const { events, fields } = wantedFor(this.layout.shown === "tiles" ? TILE_FIGURES : metric ? [...SHARES, metric] : SHARES);
    const hosts = asked.hosts.length && signals.length ? [...asked.hosts, settings.server] : asked.hosts;
    /** @type {NewestQuery} */
    const query = {
      events: [...events, ...signals].filter(this.may),
      fields: fields.filter((field) => this.may(field.split(".")[0])),
      hosts,
      every: this.every,
    };
    const text = JSON.stringify(query);
    if (text === this.queried) return;
    this.queried = text;
    this.newestStream.ask(query);
  }

  /** Loads, once, what lines of few machines show of before the page was opened. */
  #loadPast() {
    const { settings } = this.options;
    const { size } = this.machines.all;
    if (this.past || this.layout.shown !== "tiles" || size < 1 || size > MOST_LINES || !this.may(PULSE)) return;
    const hosts = [...this.machines.all.keys()].join();
    this.past = askHistory({ historyUrl: settings.historyUrl, host: hosts, events: [PULSE], columns: [`${PULSE}.percent`] }, { since: DEFAULTS.window });
    // Without it lines grow from now on.
    this.past.then((history) => this.layout.fill(history), console.warn);
  }

  /** @returns {LinkFacts} */
  #link() {
    const { stream, clock, machines } = this;
    const { newest, patience } = machines.newest ?? { newest: null, patience: patienceFor(machines.intervals.own) };
    return linkFacts(stream, newest === null ? null : Math.max(0, clock.now() - newest), patience);
  }

  #draw() {
    const { machines, order, layout, clock } = this;
    const now = clock.now();
    if (Number.isNaN(now)) return;
    if (now - this.forgotten > FORGET) {
      machines.forget(now);
      this.forgotten = now;
    }
    machines.judge(now);
    if (this.options.asked.sort === null) order.sort = layout.shown === "map" ? "name" : "worst";
    order.renew(machines, now);
    layout.arrange(order);
    layout.draw(order, machines, now);
    this.#loadPast();
    this.#ask();
    this.options.listener.link(this.#link());
    this.options.listener.draw(this, now);
  }
}
