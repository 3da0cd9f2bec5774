// @ts-check
/** The wall: a board, the line above it, and what a display needs. Composition only. */
import { readAddress } from "./address.js";
import { AlertBanner } from "./alertpanel.js";
import { Board } from "./board.js";
import { Care } from "./care/care.js";
import { KNOWN } from "./catalog.js";
import { find } from "./dom.js";
import { dress, keepDressed } from "./dress.js";
import { Header } from "./header.js";
import { Notes } from "./notes.js";
import { readSettings } from "./settings.js";
import { connectToSharedBroker } from "./streaming/transport.js";
import { Look } from "./theme.js";

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
  import("./closeup/closeup.js").then(({ CloseUp }) => new CloseUp(wall).start()).catch(console.warn);
}

const { store, stream } = board;

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { board, store, stream };
