// @ts-check
/** Entry point of the wall. Composition only. */
import "../ui/older_browsers.js";
import { readCatalogue } from "../config/catalogue.js";
import { readAddress } from "../config/page_url.js";
import { presetFor } from "../config/presets.js";
import { readSettings } from "../config/server_config.js";
import { Kiosk } from "../kiosk/kiosk.js";
import { Header } from "../panels/header.js";
import { PanelGrid } from "../panels/panel_grid.js";
import { Registry } from "../panels/registry.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { applyAppearance, Theme, watchAppearance } from "../ui/appearance.js";
import { find, writeName } from "../ui/dom.js";
import { Notes } from "../ui/notes.js";

const root = document.documentElement;
const settings = readSettings(root);
const registry = new Registry(readCatalogue(document), settings.published);
const { display, problems } = readAddress(location.search, registry.known);

/**
 * State of the page, for the browser's console and for tests.
 * @type {PanelGrid}
 */
export let grid;
/** @type {PanelGrid["store"]} */
export let store;
/** @type {PanelGrid["stream"]} */
export let stream;

/**
 * A page that lacks a part is loaded anew.
 * @template T
 * @param {Promise<T>} part
 */
function needed(part) {
  part.catch(() => dispatchEvent(new Event("missing")));
  return part;
}

/** Browsers of before 2021 can't await outside of a function. */
async function start() {
  const turning = display.turns ? await needed(import("../panels/turning.js")) : null;
  const asked = turning ? turning.displaysOf(display, settings.pages ?? {}, registry.known) : { displays: [], problems: [] };
  problems.push(...asked.problems);
  /** Of each page that takes turns, or of this one. */
  const displays = asked.displays.length ? asked.displays : [display];

  applyAppearance(root, displays[0]);

  await registry.load(displays.flatMap(({ panels, distance }) => panels?.map(({ name }) => name) ?? presetFor(distance).panels));

  const notes = new Notes(find(root, "[data-notes]"));
  problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

  /** @param {string | null} host shown */
  function nameMachine(host) {
    writeName(find(root, "[data-machine]"), host ?? settings.host);
    document.title = `${host ?? settings.host} · Vitals`;
  }
  nameMachine(displays[0].host);

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
  const theme = new Theme(root);
  const first = { tilesInto: find(root, "[data-tiles]"), panelsInto: find(root, "[data-panels]") };
  const rooms = turning ? turning.roomsFor(first, displays.length) : [first];
  const grids = displays.map(
    (shown, index) =>
      new PanelGrid({
        settings,
        display: shown,
        registry,
        theme,
        ...rooms[index],
        interactive: !display.kiosk && !turning,
        extraEvents: ["system", "sensors"],
        eventNames: ["alert", "notice", "silence"],
        signals: index === 0 ? kiosk.signals : [],
        connect: (connect) => connectToSharedBroker(settings.build, connect),
        connectMachines: (connect) => connectToSharedBroker(`${settings.build} machines`, connect),
        listener: {
          link: (facts) => {
            if (grids[index].hidden) return;
            header.link.show(facts);
            if (facts.age !== null && unheard) sayUnheard(false);
          },
          draw: (view) => {
            if (banner) banner.draw(view);
            else if (view.eventLists.items("alert").length) void loadBanner();
            header.draw(view);
          },
          hello: (hello) => {
            if (index > 0) return;
            kiosk.hello(hello);
            sayUnheard(grid.host !== settings.server && hello.hosts?.includes(grid.host) === false);
          },
          signal: (name, data) => kiosk.signal(name, data),
        },
      }),
  );
  [grid] = grids;

  let loading = false;

  async function loadBanner() {
    if (loading || banner) return;
    loading = true;
    try {
      const { AlertBanner } = await import("../panels/alert_banner.js");
      const ask = settings.publishing && settings.alertsUrl ? acknowledge(settings.alertsUrl) : null;
      banner = new AlertBanner(find(root, "[data-alerts]"), find(root, "main"), !display.kiosk, ask);
      for (const each of grids) each.tell();
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

  watchAppearance(root, display, { theme, restyle: () => grids.forEach((each) => each.restyle()) });
  const fitting = root.hasAttribute("data-screen") ? await needed(import("../panels/screen_fit.js")) : null;
  const fits = fitting ? grids.map((each, index) => new fitting.ScreenFit(root, displays[index], each)) : [];
  for (const each of grids) each.start();
  kiosk.start(grid);

  if (turning) {
    kiosk.takeTurns({
      count: grids.length,
      isCritical: (page) => turning.isCritical(grids[page]),
      show: (page) => {
        const { distance, theme: before } = root.dataset;
        applyAppearance(root, displays[page]);
        if (root.dataset.distance !== distance || root.dataset.theme !== before) grids[page].restyle();
        nameMachine(displays[page].host);
        turning.showOnly(grids, page);
        for (const fit of fits) fit.fit();
      },
    });
    turning.showOnly(grids, 0);
  } else if (!display.kiosk) {
    const wall = { root, toolsInto: find(root, "[data-tools]"), settings, display, grid, registry, notes };
    // The wall works without them.
    import("../desk/desk.js").then(({ Desk }) => new Desk(wall).start()).catch(console.warn);
  }

  for (const fit of fits) fit.fit();
  ({ store, stream } = grid);
}

/** Settled when the state is there. */
export const started = start();
