// @ts-check
/** The wall: a board, the line above it, and what a display needs. Composition only. */
import { readAddress } from "./address.js";
import { AlertBanner } from "./alertpanel.js";
import { Board } from "./board.js";
import { Care } from "./care/care.js";
import { KNOWN } from "./catalog.js";
import { Header } from "./header.js";
import { Notes } from "./notes.js";
import { readSettings } from "./settings.js";
import { connectToSharedBroker } from "./streaming/transport.js";
import { Look, resolveTheme } from "./theme.js";

const root = document.documentElement;
const settings = readSettings(root);
const { display, problems } = readAddress(location.search, KNOWN);

/**
 * @param {string} selector
 * @returns {HTMLElement}
 */
function find(selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}

root.dataset.theme = resolveTheme(display.theme);
if (display.distance) root.dataset.distance = display.distance;
root.toggleAttribute("data-kiosk", display.kiosk);
root.toggleAttribute("data-transparent", display.transparent);

const notes = new Notes(find("[data-notes]"));
problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (display.host) {
  find("[data-machine]").textContent = display.host;
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
const banner = new AlertBanner(find("[data-alerts]"), find("main"), !display.kiosk);
const care = new Care({ root, settings, display, notes });
const board = new Board({
  settings,
  display,
  look: new Look(root),
  tilesInto: find("[data-tiles]"),
  panelsInto: find("[data-panels]"),
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

addEventListener("resize", () => board.look.outgrown && board.restyle());
matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
  root.dataset.theme = resolveTheme(display.theme);
  board.restyle();
});
board.start();
care.start(board);

if (!display.kiosk) {
  const wall = { root, toolsInto: find("[data-tools]"), settings, display, board, notes };
  // Should it not come, all that the page is for is there nonetheless.
  import("./closeup/closeup.js").then(({ CloseUp }) => new CloseUp(wall).start()).catch(console.warn);
}

const { store, stream } = board;

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { board, store, stream };
