// @ts-check
/** The page of an iframe: one panel, described by the frame's address. Composition only. */
import { readAddress } from "../config/page_url.js";
import { MEANS, reloadWhenServed } from "../kiosk/reload.js";
import { BuildUpdate } from "../kiosk/build_update.js";
import { startCookieRenewal } from "../kiosk/cookie_renewal.js";
import { KNOWN } from "../panels/registry.js";
import { readSettings } from "../config/server_config.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { View } from "../embed/view.js";

/** What has a meaning for one panel; the other keys are for a whole wall on a display. */
const KEYS = ["window", "theme", "host", "distance", "kiosk", "background"];

const root = document.documentElement;
const settings = readSettings(root);
const given = new URLSearchParams(location.search);
given.delete("key"); // the server has seen to it
const { display, problems } = readAddress(given.toString(), KNOWN);
const asked = [...new Set(given.keys())];
// What is not known at all has its sentence already.
const foreign = asked.filter((key) => !KEYS.includes(key) && !problems.some((problem) => problem.startsWith(`"${key}"`)));
if (foreign.length) problems.push(`${foreign.join(", ")}: only for a whole wall; here are ${KEYS.join(", ")}`);
root.toggleAttribute("data-transparent", display.transparent);

const view = new View({
  into: document.body,
  themed: root,
  marked: root,
  settings,
  display,
  name: settings.panel ?? "",
  problems,
  connect: (connect) => connectToSharedBroker(settings.build + new URL(settings.streamUrl, location.href).search, connect),
  // The server leads to its sign-in page.
  refused: () => location.reload(),
  hello: ({ build }) => build && buildUpdate.hear(build),
});
const { grid } = view;

const buildUpdate = new BuildUpdate({
  build: settings.build,
  say: (text) => view.notes.say("build", text),
  now: () => grid.clock.now(),
  reload: reloadWhenServed,
  later: MEANS.later,
  // Frames of one page share the tab's memory; this one lasts over a reload as well and is the frame's own.
  recall: () => history.state?.loads ?? [],
  keep: (loads) => {
    history.replaceState({ loads }, "");
    return true;
  },
});
view.start();
startCookieRenewal(settings.renewUrl);

const { store, stream } = grid;

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { grid, store, stream };
