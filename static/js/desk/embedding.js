// @ts-check
/** Dialog with the code that embeds one panel in another page. */
import { writeSeconds } from "../config/page_url.js";
import { ChartPanel } from "../panels/chart_panel.js";
import { make } from "../ui/dom.js";
import { copyButton } from "./copy.js";
import { Dialog } from "./dialog.js";
import { snippets } from "./snippets.js";

/** @import { Entry } from "../panels/registry.js" */
/** @import { Wall } from "./dialog.js" */

/**
 * @param {Wall} wall
 * @param {import("../config/page_url.js").Place} place
 */
export function create(wall, { name }) {
  const { title } = /** @type {Entry} */ (wall.registry.panel(name));
  const dialog = new Dialog(`Embed this panel: ${title}`, "embedding");
  return {
    open() {
      dialog.body.replaceChildren(...describe(wall, name));
      dialog.open();
    },
  };
}

/**
 * @param {Wall} wall
 * @param {string} panel
 */
function describe({ settings, display, grid, registry }, panel) {
  const { title, event, parts } = /** @type {Entry} */ (registry.panel(panel));
  const shown = grid.panels[grid.places.findIndex(({ name }) => name === panel)];
  const stream = new URL(settings.streamUrl, document.baseURI);
  const found = snippets({
    stream: stream.href,
    panel,
    title: `${title} of ${grid.host}`,
    event,
    field: shown instanceof ChartPanel ? (shown.lines[0]?.field ?? null) : (parts[0]?.field ?? null),
    window: writeSeconds(display.window),
    host: display.host ?? (settings.host === settings.server ? null : settings.host),
  });
  const sections = found.map(({ name, about, code }) =>
    make(
      "section",
      { "data-snippet": name, "aria-label": name },
      make("div", { class: "snippet-head" }, make("h3", {}, name), copyButton(`Copy: ${name}`, () => code)),
      make("p", { class: "hint" }, about),
      make("pre", { tabindex: "0", "aria-label": `${name}, code` }, make("code", {}, code)),
    ),
  );
  const hints = [
    `A page of another origin than ${stream.origin} has to be named to this server: in FRAME_ANCESTORS for the frame, in ALLOWED_ORIGINS for the web component and the stream.`,
  ];
  if (/^(localhost|127\.|\[::1\])/.test(stream.hostname)) {
    hints.push(`You opened this page at ${stream.hostname}, an address that works on this machine only.`);
  }
  return [...sections, ...hints.map((hint) => make("p", { class: "hint" }, hint)), ...sharing(settings.linksUrl, panel, event)];
}

/**
 * Where a link is made to this panel, and to nothing else.
 * @param {string | null} links null: not for this reader
 * @param {string} panel
 * @param {string} event
 */
function sharing(links, panel, event) {
  if (links === null) return [];
  const query = new URLSearchParams({ path: `/embed/${panel}?theme=auto`, events: event });
  return [make("p", {}, make("a", { href: `${links}?${query}`, "data-share-panel": panel }, "Share this panel by a link"))];
}
