// @ts-check
/** The overview of many machines: its header, its machines, and what a display needs. Composition only. */
import { Care } from "../kiosk/kiosk.js";
import { find, make, mark } from "../ui/dom.js";
import { dress, keepDressed } from "../ui/appearance.js";
import { compareQuery, displayQuery, fleetQuery, readFleetAddress } from "../fleet/fleet_url.js";
import { Headline } from "../fleet/headline.js";
import { SORTS } from "../fleet/order.js";
import { Overview } from "../fleet/overview.js";
import { readFleetSettings } from "../fleet/fleet_config.js";
import { LinkLine } from "../ui/link_status.js";
import { Notes } from "../ui/notes.js";
import { Look } from "../ui/theme.js";

/** As many lines as can be told apart. */
const MOST_COMPARED = 8;

const root = document.documentElement;
const settings = readFleetSettings(root);
const asked = readFleetAddress(location.search);
const { display } = asked;

dress(root, display);

const notes = new Notes(find(root, "[data-notes]"));
asked.problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (asked.hosts.length) find(root, "[data-filter]").textContent = asked.hosts.join(", ");
const query = displayQuery(display);
const link = new LinkLine(root);
const headline = new Headline(find(root, "[data-count]"), find(root, "[data-states]"), find(root, "[data-clock]"));
const nothing = find(root, "[data-nothing]");
nothing.textContent = asked.hosts.length ? `No machine that is called ${asked.hosts.join(" or ")} has figures yet` : "No machine has figures yet";
const care = new Care({ root, settings, display, notes });
const board = new Overview({
  settings,
  asked,
  look: new Look(root),
  list: find(root, "[data-list]"),
  aside: find(root, "[data-aside]"),
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

keepDressed(root, display, board);
board.start();
care.start(board);

if (!display.kiosk) {
  const sorts = find(root, "[data-sorts]");
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
