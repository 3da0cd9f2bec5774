// @ts-check
/** Entry point of the wall. Composition only. */
import { readCatalogue } from "../config/catalogue.js";
import { readAddress } from "../config/page_url.js";
import { presetFor } from "../config/presets.js";
import { readSettings } from "../config/server_config.js";
import { Kiosk } from "../kiosk/kiosk.js";
import { Header } from "../panels/header.js";
import { PanelGrid } from "../panels/panel_grid.js";
import { Registry } from "../panels/registry.js";
import { ScreenFit } from "../panels/screen_fit.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { applyAppearance, watchAppearance } from "../ui/appearance.js";
import { find } from "../ui/dom.js";
import { Notes } from "../ui/notes.js";
import { Theme } from "../ui/theme.js";

const root = document.documentElement;
const settings = readSettings(root);
const registry = new Registry(readCatalogue(document), settings.published);
const { display, problems } = readAddress(location.search, registry.known);

applyAppearance(root, display);

await registry.load((display.panels ?? presetFor(display.distance).panels.map((name) => ({ name }))).map(({ name }) => name));

const notes = new Notes(find(root, "[data-notes]"));
problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (display.host) {
  find(root, "[data-machine]").textContent = display.host;
  document.title = `${display.host} · Vitals`;
}
/** Milliseconds after which what is shown seldom is loaded. */
const SOON = 20_000;

/** True while the log has no events of the machine. */
let unheard = false;

/** @param {boolean} is */
function sayUnheard(is) {
  unheard = is;
  notes.say("unheard", is ? `nothing is known of ${grid.host} yet` : "");
}

const header = new Header(root);
/** Loaded with the first alert, or a while after the start. @type {import("../panels/alert_banner.js").AlertBanner | null} */
let banner = null;
const kiosk = new Kiosk({ root, settings, display, notes });
const grid = new PanelGrid({
  settings,
  display,
  registry,
  theme: new Theme(root),
  tilesInto: find(root, "[data-tiles]"),
  panelsInto: find(root, "[data-panels]"),
  interactive: !display.kiosk,
  extraEvents: ["system", "sensors"],
  eventNames: ["alert", "notice", "silence"],
  signals: kiosk.signals,
  connect: (connect) => connectToSharedBroker(settings.build, connect),
  connectMachines: (connect) => connectToSharedBroker(`${settings.build} machines`, connect),
  listener: {
    link: (facts) => {
      header.link.show(facts);
      if (facts.age !== null && unheard) sayUnheard(false);
    },
    draw: (view) => {
      if (banner) banner.draw(view);
      else if (view.eventLists.items("alert").length) void loadBanner();
      header.draw(view);
    },
    hello: (hello) => {
      kiosk.hello(hello);
      sayUnheard(grid.host !== settings.server && hello.hosts?.includes(grid.host) === false);
    },
    signal: (_name, data) => kiosk.signal(data),
  },
});

let loading = false;

async function loadBanner() {
  if (loading || banner) return;
  loading = true;
  try {
    const { AlertBanner } = await import("../panels/alert_banner.js");
    const ask = settings.publishing && settings.alertsUrl ? acknowledge(settings.alertsUrl) : null;
    banner = new AlertBanner(find(root, "[data-alerts]"), find(root, "main"), !display.kiosk, ask);
    grid.tell();
  } catch {
    // The server is away; the next drawing tries again.
  }
  loading = false;
}

// The server that comes next may no longer have this version of it.
setTimeout(loadBanner, SOON);

/**
 * @param {string} url of /alerts
 * @returns {(alert: import("../panels/alerts.js").Alert, here: () => void) => void} opens a dialog, loaded when it is needed
 */
function acknowledge(url) {
  /** @type {Promise<import("../desk/acknowledging.js").Acknowledging> | null} */
  let dialog = null;
  return (alert, here) => {
    dialog ??= import("../desk/acknowledging.js").then(({ Acknowledging }) => new Acknowledging(url));
    dialog.then((found) => found.open(alert, here)).catch(console.warn);
  };
}

watchAppearance(root, display, grid);
if (root.hasAttribute("data-screen")) new ScreenFit(root, display, grid).fit();
grid.start();
kiosk.start(grid);

if (!display.kiosk) {
  const wall = { root, toolsInto: find(root, "[data-tools]"), settings, display, grid, registry, notes };
  // The wall works without them.
  import("../desk/desk.js").then(({ Desk }) => new Desk(wall).start()).catch(console.warn);
}

const { store, stream } = grid;

/** State of the page, for the browser's console and for tests. */
export { grid, store, stream };
