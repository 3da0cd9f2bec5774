// @ts-check
/** Entry point of the overview of many machines. Composition only. */
import "../ui/older_browsers.js";
import { FIGURES } from "../fleet/figures.js";
import { readFleetSettings } from "../fleet/fleet_config.js";
import { compareQuery, displayQuery, fleetQuery, readFleetAddress } from "../fleet/fleet_url.js";
import { Headline } from "../fleet/headline.js";
import { SORTS } from "../fleet/order.js";
import { Overview } from "../fleet/overview.js";
import { Kiosk } from "../kiosk/kiosk.js";
import { applyAppearance, Theme, watchAppearance } from "../ui/appearance.js";
import { find, make, mark } from "../ui/dom.js";
import { PageLinkStatus } from "../ui/link_status.js";
import { Notes } from "../ui/notes.js";
import { OneLine } from "../ui/one_line.js";

/** Most lines that can be told apart. */
const MOST_COMPARED = 8;

const root = document.documentElement;
const settings = readFleetSettings(root);
const asked = readFleetAddress(location.search);
const { display } = asked;

applyAppearance(root, display);

const notes = new Notes(find(root, "[data-notes]"));
asked.problems.forEach((problem, index) => notes.say(`address-${index}`, problem));

if (asked.hosts.length) find(root, "[data-filter]").textContent = asked.hosts.join(", ");
const query = displayQuery(display);
const link = new PageLinkStatus(root);
const headline = new Headline(find(root, "[data-count]"), find(root, "[data-states]"), find(root, "[data-clock]"), find(root, "[data-well]"), find(root, "[data-totals]"));
const nothing = find(root, "[data-nothing]");
nothing.textContent = asked.hosts.length ? `No machine that is called ${asked.hosts.join(" or ")} has figures yet` : "No machine has figures yet";
const kiosk = new Kiosk({ root, settings, display, notes });
const overview = new Overview({
  settings,
  asked,
  theme: new Theme(root),
  list: find(root, "[data-list]"),
  aside: find(root, "[data-aside]"),
  interactive: !display.kiosk,
  signals: kiosk.signals,
  hrefOf: (name) => (display.kiosk ? null : `${settings.hostUrl}${encodeURIComponent(name)}${query}`),
  listener: {
    link: (facts) => link.show(facts),
    draw: ({ machines }, now) => {
      headline.draw(machines, now);
      nothing.hidden = machines.all.size > 0;
    },
    hello: (hello) => kiosk.hello(hello),
    signal: (name, data) => kiosk.signal(name, data),
  },
});

watchAppearance(root, display, overview);
if (root.hasAttribute("data-screen")) keepToOneLine(find(root, ".bar"));
overview.start();
kiosk.start(overview);

if (!display.kiosk) {
  const sorts = find(root, "[data-sorts]");
  for (const sort of SORTS) {
    const other = make("a", { href: location.pathname + fleetQuery(asked, { sort }) }, sort);
    if (sort === asked.sort) mark(other, "aria-current", "true");
    sorts.append(other);
  }
  // The link names the machines that are first at the moment of the click.
  const compare = make("a", { href: settings.compareUrl, title: `The first ${MOST_COMPARED} in one chart` }, "compare");
  const aim = () => mark(compare, "href", `${settings.compareUrl}${compareQuery(asked, overview.order.machines.slice(0, MOST_COMPARED).map(({ name }) => name))}`);
  for (const event of ["pointerdown", "focus", "pointerenter"]) compare.addEventListener(event, aim);
  aim();
  const theme = root.dataset.theme === "light" ? "dark" : "light";
  const other = { ...asked, display: { ...display, theme: /** @type {"dark" | "light"} */ (theme) } };
  const themed = make("a", { href: location.pathname + fleetQuery(other, {}), title: `The ${theme} theme (t)` }, theme);
  sorts.append(compare, themed);
  const toggleFull = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()).catch(console.warn);
  if (document.fullscreenEnabled) {
    const full = make("button", { type: "button", title: "Full screen (f)" }, "full screen");
    full.addEventListener("click", toggleFull);
    sorts.append(full);
  }
  sorts.hidden = false;
  const metrics = Object.fromEntries(Object.entries(FIGURES).map(([name, { title }]) => [name, title]));
  const read = (/** @type {string} */ search) => {
    const given = readFleetAddress(search);
    return { problems: given.problems, query: fleetQuery(given, {}) };
  };
  const page = { settings, notes, metrics, read, theme: () => themed.click(), full: toggleFull };
  import("../desk/overview_tools.js").then(({ overviewTools }) => sorts.append(...overviewTools(page)), console.warn);
}

/** @param {HTMLElement} bar header of a screen that nobody touches */
function keepToOneLine(bar) {
  const header = new OneLine(bar, ["totals", "words", "clock", "filter", "facts"]);
  const observer = new ResizeObserver(() => header.fit());
  for (const element of [bar, ...bar.querySelectorAll(":scope > *")]) observer.observe(element);
}

const { stream } = overview;

/** State of the page, for the browser's console and for tests. */
export { overview, stream };
