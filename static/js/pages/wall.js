// @ts-check
/** The wall: a board, the line above it, and what a display needs. Composition only. */
import { readAddress } from "../config/page_url.js";
import { AlertBanner } from "../panels/alerts_panel.js";
import { Board } from "../panels/panel_grid.js";
import { Care } from "../kiosk/kiosk.js";
import { KNOWN } from "../panels/registry.js";
import { find } from "../ui/dom.js";
import { dress, keepDressed } from "../ui/appearance.js";
import { Header } from "../panels/header.js";
import { Notes } from "../ui/notes.js";
import { readSettings } from "../config/server_config.js";
import { connectToSharedBroker } from "../streaming/transport.js";
import { Look } from "../ui/theme.js";

const root = document.documentElement;
const settings = readSettings(root);
const { display, problems } = readAddress(location.search, KNOWN);

dress(root, display);

const notes = new Notes(find(root, "[data-notes]"));
problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (display.host) {
  find(root, "[data-machine]").textContent = display.host;
  document.title = `${display.host} · Vitals`;
}
/** Whether this is the page of a machine that the log does not know, or not yet. */
let unheard = false;

/** @param {boolean} is */
function sayUnheard(is) {
  unheard = is;
  notes.say("unheard", is ? `nothing is known of ${board.host} yet` : "");
}

const header = new Header(root);
const banner = new AlertBanner(find(root, "[data-alerts]"), find(root, "main"), !display.kiosk);
const care = new Care({ root, settings, display, notes });
const board = new Board({
  settings,
  display,
  look: new Look(root),
  tilesInto: find(root, "[data-tiles]"),
  panelsInto: find(root, "[data-panels]"),
  hand: !display.kiosk,
  besides: ["system", "sensors"],
  happenings: ["alert", "notice"],
  signals: care.signals,
  connect: (connect) => connectToSharedBroker(settings.build, connect),
  listener: {
    link: (facts) => {
      header.showLink(facts);
      if (facts.age !== null && unheard) sayUnheard(false);
    },
    draw: (view) => {
      header.draw(view);
      banner.draw(view);
    },
    hello: (hello) => {
      care.hello(hello);
      sayUnheard(board.host !== settings.server && hello.hosts?.includes(board.host) === false);
    },
    signal: (_name, data) => care.signal(data),
  },
});

keepDressed(root, display, board);
board.start();
care.start(board);

if (!display.kiosk) {
  const wall = { root, toolsInto: find(root, "[data-tools]"), settings, display, board, notes };
  // Should it not come, all that the page is for is there nonetheless.
  import("../desk/desk.js").then(({ CloseUp }) => new CloseUp(wall).start()).catch(console.warn);
}

const { store, stream } = board;

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { board, store, stream };
