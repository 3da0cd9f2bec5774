// @ts-check
/** The overview of many machines: its header, its machines, and what a display needs. Composition only. */
import { Care } from "./care/care.js";
import { make, mark } from "./dom.js";
import { compareQuery, displayQuery, fleetQuery, readFleetAddress } from "./fleet/address.js";
import { Headline } from "./fleet/headline.js";
import { SORTS } from "./fleet/order.js";
import { Overview } from "./fleet/overview.js";
import { readFleetSettings } from "./fleet/settings.js";
import { LinkLine } from "./linkline.js";
import { Notes } from "./notes.js";
import { Look, resolveTheme } from "./theme.js";

/** As many lines as can be told apart. */
const MOST_COMPARED = 8;

const root = document.documentElement;
const settings = readFleetSettings(root);
const asked = readFleetAddress(location.search);
const { display } = asked;

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

const notes = new Notes(find("[data-notes]"));
asked.problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (asked.hosts.length) find("[data-filter]").textContent = asked.hosts.join(", ");
const query = displayQuery(display);
const link = new LinkLine(root);
const headline = new Headline(find("[data-count]"), find("[data-states]"), find("[data-clock]"));
const nothing = find("[data-nothing]");
nothing.textContent = asked.hosts.length ? `No machine that is called ${asked.hosts.join(" or ")} has figures yet` : "No machine has figures yet";
const care = new Care({ root, settings, display, notes });
const board = new Overview({
  settings,
  asked,
  look: new Look(root),
  list: find("[data-list]"),
  aside: find("[data-aside]"),
  hand: !display.kiosk,
  signals: care.signals,
  hrefOf: (name) => (display.kiosk ? null : `${settings.hostUrl}${encodeURIComponent(name)}${query}`),
  listener: {
    link: (facts) => link.show(facts),
    draw: ({ machines }, now) => {
      headline.draw(machines, now);
      nothing.hidden = machines.all.size > 0;
    },
    hello: (hello) => care.hello(hello),
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
  const sorts = find("[data-sorts]");
  for (const sort of SORTS) {
    const other = make("a", { href: location.pathname + fleetQuery(asked, { sort }) }, sort);
    if (sort === asked.sort) mark(other, "aria-current", "true");
    sorts.append(other);
  }
  // Whoever stands first now is who is meant.
  const compare = make("a", { href: "/compare", title: `The first ${MOST_COMPARED} in one chart` }, "compare");
  const aim = () => mark(compare, "href", `${settings.compareUrl}${compareQuery(asked, board.order.machines.slice(0, MOST_COMPARED).map(({ name }) => name))}`);
  for (const event of ["pointerdown", "focus", "pointerenter"]) compare.addEventListener(event, aim);
  aim();
  sorts.append(compare);
  sorts.hidden = false;
}

const { stream } = board;

/** For the browser's console and for tests: what the page knows, beside what it shows. */
export { board, stream };
