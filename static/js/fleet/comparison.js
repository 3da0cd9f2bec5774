// @ts-check
/**
 * State of the page that compares machines: one figure of each, first from history, then from the stream that
 * tabs share.
 */
import { covering } from "../config/scope.js";
import { ofMost, INTERVAL_EVENT } from "../state/intervals.js";
import { ServerClock } from "../state/server_clock.js";
import { Store } from "../state/store.js";
import { TimeWindow } from "../state/time_window.js";
import { Stream } from "../streaming/stream.js";
import { linkFacts } from "../ui/link_state.js";
import { RenderLoop } from "../ui/render_loop.js";
import { CompareChart } from "./comparechart.js";
import { matcher } from "./fleet_url.js";

/** @typedef {import("./comparechart.js").Metric} Metric */
/** @typedef {import("../config/page_url.js").Display} Display */
/** @typedef {import("../ui/link_state.js").LinkFacts} LinkFacts */
/** @typedef {import("../config/server_config.js").Settings} Settings */
/** @typedef {import("../state/store.js").Data} Data */
/** @typedef {import("../state/store.js").Hello} Hello */
/** @typedef {import("../streaming/broker.js").Port} Port */
/** @typedef {import("../ui/theme.js").Theme} Theme */
/**
 * @typedef {object} ComparisonOptions
 * @property {Settings} settings
 * @property {Display} display
 * @property {Metric} metric
 * @property {string[]} hosts names or patterns
 * @property {number} most machines that are shown
 * @property {Theme} theme
 * @property {HTMLElement} box
 * @property {string[]} signals
 * @property {(connect: (port: Port) => void) => void} connect
 * @property {{link: (facts: LinkFacts) => void, draw: (now: number) => void, chosen: (hosts: string[], all: number) => void, hello: (hello: Hello) => void, signal: (name: string, data: Data) => void}} listener
 */

/** Milliseconds between two updates of ages. */
const TICK = 1000;

export class Comparison {
  /** @param {ComparisonOptions} options */
  constructor(options) {
    const { settings, display, metric, hosts, theme, signals } = options;
    this.options = { ...options, interactive: false };
    this.theme = theme;
    this.clock = new ServerClock();
    this.timeWindow = new TimeWindow(display.window);
    this.host = hosts[0] ?? settings.host;
    const { event } = metric.value;
    this.store = new Store({ interval: settings.interval, window: display.window, wanted: new Map([[event, (key) => metric.columns.test(key)]]) });
    this.wants = matcher(hosts);
    /** Machines that are drawn. @type {string[]} */
    this.hosts = [];
    /** @type {CompareChart | null} */
    this.chart = null;
    this.renderLoop = new RenderLoop(() => this.#draw());
    const [field] = metric.name.slice(event.length + 1).split(".");
    const extraEvents = covering(settings.may)(INTERVAL_EVENT) ? [INTERVAL_EVENT] : [];
    const fields = [metric.name === "filesystem.percent" ? "filesystem.mounts" : `${event}.${field}`];
    fields.push(...extraEvents.map((name) => `${name}.interval`));
    this.stream = new Stream(
      {
        streamUrl: settings.streamUrl,
        historyUrl: `${settings.historyUrl}?fields=${encodeURIComponent(fields.join())}`,
        host: hosts.join(),
        hosts: signals.length ? [...hosts, settings.server] : hosts,
        events: [...new Set([event, ...extraEvents]), ...signals],
        window: display.window,
        lines: 0,
      },
      {
        history: (history) => {
          if (Number.isNaN(this.clock.now())) this.clock.hear(history.to);
          this.store.fill(history);
          this.#choose([...Object.keys(history.hosts), ...history.latest.map(({ host }) => host)]);
        },
        hello: (hello) => {
          this.clock.hear(hello.time);
          this.store.greet(hello);
          options.listener.hello(hello);
          this.tell();
        },
        heartbeat: (time) => this.clock.hear(time),
        event: (name, id, data) => this.#hear(name, id, data),
      },
      options.connect,
    );
  }

  start() {
    setInterval(() => this.tell(), TICK);
    this.stream.start();
  }

  restyle() {
    this.theme.renew();
    this.chart?.restyle();
    this.renderLoop.request();
  }

  tell() {
    this.options.listener.link(this.#link());
    this.renderLoop.request();
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {Data} data
   */
  #hear(name, id, data) {
    const { signals, listener } = this.options;
    if (signals.includes(name)) {
      listener.signal(name, data);
      return;
    }
    if (typeof data.host !== "string" || !this.wants(data.host) || !this.store.accept(name, id, data)) return;
    // The id is a time by the clock of the log; the times in events are by those of many machines.
    this.clock.sample(Number(id.split("-")[0]) / 1000, false, this.store.intervals.patience(data.host, name));
    if (!this.hosts.includes(data.host)) this.#choose([...this.hosts, data.host]);
    this.renderLoop.request();
  }

  /** @param {string[]} known machines with figures */
  #choose(known) {
    const { hosts, most, box, metric, theme, listener } = this.options;
    const named = hosts.filter((host) => !host.includes("*"));
    const matching = known.filter((host) => this.wants(host)).sort(new Intl.Collator("en", { numeric: true }).compare);
    // Named machines come first and in that order, known or not.
    const all = [...new Set([...named, ...matching])];
    const chosen = all.slice(0, most);
    listener.chosen(chosen, all.length);
    if (chosen.join() !== this.hosts.join()) {
      this.hosts = chosen;
      this.chart?.destroy();
      this.chart = new CompareChart(box, chosen, metric, theme);
    }
    this.renderLoop.request();
  }

  /** @returns {LinkFacts} */
  #link() {
    const { store, clock, hosts } = this;
    const newest = Math.max(-Infinity, ...hosts.map((host) => store.newest(host) ?? -Infinity));
    const age = newest > -Infinity ? Math.max(0, clock.now() - newest) : null;
    return linkFacts(this.stream, age, ofMost((hosts.length ? hosts : [this.host]).map((host) => store.patienceOfFast(host))));
  }

  #draw() {
    const { store, clock, chart } = this;
    const now = clock.now();
    if (Number.isNaN(now)) return;
    const newest = Math.max(0, ...this.hosts.map((host) => store.newest(host) ?? 0));
    const interval = Math.min(...(this.hosts.length ? this.hosts : [this.host]).map((host) => store.intervals.interval(host)));
    const { from, to } = this.timeWindow.span(now, newest, interval);
    chart?.draw(store, now, from, to);
    this.options.listener.draw(now);
  }
}
