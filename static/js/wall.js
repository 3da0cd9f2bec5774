// @ts-check
/** The wall: one store, one stream, one clock, and panels that draw. Composition only. */
import { ChartPanel } from "./chartpanel.js";
import { CHARTS } from "./charts.js";
import { ServerClock } from "./clock.js";
import { Frame } from "./frame.js";
import { Header } from "./header.js";
import { ProcessPanel } from "./processes.js";
import { readSettings } from "./settings.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { bindToggle, watchTheme } from "./theme.js";
import { Tile } from "./tile.js";
import { TILES } from "./tiles.js";

/** How often to look at ages, milliseconds: silence sends no event that could. */
const TICK = 250;

/** Which columns of each family are drawn; of the others only the newest event is kept. */
const WANTED = new Map([
  ["cpu", columns(/^(percent|iowait|cores\.\d+)$/)],
  ["memory", columns(/^(percent|swap_percent)$/)],
  ["load", columns(/^(load1|load5|load15|cpus)$/)],
  ["disk", columns(/^(read|write)_bytes_per_second$/)],
  ["filesystem", columns(/^mounts\..*\.percent$/)],
  ["network", columns(/^(received|sent)_bytes_per_second$/)],
  ["pressure", columns(/^(cpu|io|memory)_some$/)],
  ["processes", columns(/^$/)],
  ["sensors", columns(/^$/)],
  ["system", columns(/^$/)],
]);

/** @param {RegExp} pattern */
function columns(pattern) {
  return (/** @type {string} */ key) => pattern.test(key);
}

const root = document.documentElement;
const settings = readSettings(root);

const store = new Store({ interval: settings.interval, window: settings.window, wanted: WANTED });
const clock = new ServerClock();
const header = new Header(root);
const tiles = TILES.map((spec) => new Tile(spec));
const panels = [...CHARTS.map((spec) => new ChartPanel(spec)), new ProcessPanel()];
place("[data-tiles]", tiles);
place("[data-panels]", panels);

/**
 * @param {string} selector
 * @param {{element: HTMLElement}[]} parts
 */
function place(selector, parts) {
  root.querySelector(selector)?.append(...parts.map(({ element }) => element));
}

const stream = new Stream(
  { ...settings, events: [...WANTED.keys()] },
  {
    history(history) {
      // The stream's hello tells it better, but may be long in coming.
      if (Number.isNaN(clock.now())) clock.hear(history.to);
      store.fill(history);
      changed = true;
      look();
    },
    hello(hello) {
      clock.hear(hello.time);
      store.greet(hello);
      look();
    },
    heartbeat(time) {
      clock.hear(time);
      look();
    },
    event(name, id, data) {
      const before = store.time(settings.host, name);
      if (!store.accept(name, id, data)) return;
      const time = Number(data.time);
      clock.sample(time, before !== null && time < before, store.patience(name));
      changed = true;
      frame.request();
    },
  },
);

/** Whether there is anything that charts have not drawn yet. */
let changed = false;
/** The time that the charts' right edge was last drawn at. */
let edge = 0;

const frame = new Frame(() => {
  sayLink();
  const now = clock.now();
  // The edge moves by whole intervals, so that charts move once for each sample. That one is taken a
  // few milliseconds later; outside the edge its line would be drawn, but no axis would make room for it.
  const newest = store.newest(settings.host) ?? 0;
  const to = Math.max(Math.floor(now / store.interval) * store.interval, Math.min(now, newest));
  const view = { store, host: settings.host, now, from: to - settings.window, to };
  header.draw(view);
  for (const panel of [...tiles, ...panels]) {
    panel.refresh(view);
    if (changed || to !== edge) panel.draw(view);
  }
  changed = false;
  edge = to;
});

function sayLink() {
  const newest = store.newest(settings.host);
  header.showLink({
    age: newest === null ? null : Math.max(0, clock.now() - newest),
    patience: store.patienceOfFast,
    connected: stream.connected,
    apart: stream.apart,
    everConnected: stream.everConnected,
    trouble: stream.trouble,
  });
}

/** Say what holds now, and draw it. A hidden tab draws nothing, but still says it. */
function look() {
  sayLink();
  frame.request();
}

function restyle() {
  for (const panel of panels) panel.restyle();
  changed = true;
  frame.request();
}

watchTheme(restyle);
const toggle = root.querySelector("[data-theme-toggle]");
if (toggle instanceof HTMLButtonElement) {
  bindToggle(toggle, restyle);
}
setInterval(look, TICK);
stream.start();

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { store, stream };
