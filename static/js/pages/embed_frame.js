// @ts-check
/** Entry point of an embedded panel in an iframe, configured by its address. Composition only. */
import "../ui/older_browsers.js";
import { readCatalogue } from "../config/catalogue.js";
import { readAddress } from "../config/page_url.js";
import { readSettings } from "../config/server_config.js";
import { View } from "../embed/view.js";
import { BuildUpdate } from "../kiosk/build_update.js";
import { startCookieRenewal } from "../kiosk/cookie_renewal.js";
import { MEANS, reloadWhenServed } from "../kiosk/reload.js";
import { Registry } from "../panels/registry.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { watchTypeface } from "../ui/appearance.js";

/** Keys with a meaning for one panel; the others are for a wall. */
const KEYS = ["window", "at", "zoom", "theme", "host", "distance", "kiosk", "background"];

const root = document.documentElement;
const settings = readSettings(root);
const given = new URLSearchParams(location.search);
given.delete("key"); // checked by the server
const registry = new Registry(readCatalogue(document), settings.published);
const { display, problems } = readAddress(given.toString(), registry.known);
const asked = [...new Set(given.keys())];
// Unknown keys are among the problems already.
const foreign = asked.filter((key) => !KEYS.includes(key) && !problems.some((problem) => problem.startsWith(`"${key}"`)));
if (foreign.length) problems.push(`${foreign.join(", ")}: only for a whole wall; here are ${KEYS.join(", ")}`);
root.toggleAttribute("data-transparent", display.transparent);

/**
 * State of the page, for the browser's console and for tests.
 * @type {import("../panels/panel_grid.js").PanelGrid}
 */
export let grid;
/** @type {import("../panels/panel_grid.js").PanelGrid["store"]} */
export let store;
/** @type {import("../panels/panel_grid.js").PanelGrid["stream"]} */
export let stream;

/** Browsers of before 2021 can't await outside of a function. */
async function start() {
  await registry.load([settings.panel ?? ""]);
  const broker = settings.build + new URL(settings.streamUrl, location.href).search;
  const view = new View({
    into: document.body,
    themed: root,
    marked: root,
    settings,
    display,
    registry,
    name: settings.panel ?? "",
    problems,
    connect: (connect) => connectToSharedBroker(broker, connect),
    connectMachines: (connect) => connectToSharedBroker(`${broker} machines`, connect),
    // The server redirects to its sign-in page.
    refused: () => location.reload(),
    hello: ({ build }) => build && buildUpdate.hear(build),
  });
  ({ grid } = view);
  watchTypeface(() => grid.restyle());

  const buildUpdate = new BuildUpdate({
    build: settings.build,
    say: (text) => view.notes.say("build", text),
    now: () => grid.clock.now(),
    reload: reloadWhenServed,
    later: MEANS.later,
    // Frames of one page share the tab's storage; the history entry is the frame's own and survives a reload.
    recall: () => history.state?.loads ?? [],
    keep: (loads) => {
      history.replaceState({ loads }, "");
      return true;
    },
  });
  view.start();
  startCookieRenewal(settings.renewUrl);
  ({ store, stream } = grid);
}

/** Settled when the state is there. */
export const started = start();
