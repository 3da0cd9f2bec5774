// @ts-check
/**
 * Pages that take turns on one display: a grid for each, all live on one connection, of which one is shown and drawn.
 */
import { readAddress } from "../config/page_url.js";
import { make } from "../ui/dom.js";
import { openIn } from "./alert_rows.js";

/** @import { Display, Known } from "../config/page_url.js" */
/** @import { PanelGrid } from "./panel_grid.js" */
/** @typedef {{tilesInto: HTMLElement, panelsInto: HTMLElement}} Room where a grid is */

/**
 * @param {Display} display whose address names the pages; what holds for a display is taken from it
 * @param {Record<string, string>} pages addresses by name
 * @param {Known} known
 * @returns {{displays: Display[], problems: string[]}}
 */
export function displaysOf(display, pages, known) {
  const { kiosk, dim, blank, wake, shift, screen, units } = display;
  /** @type {string[]} */
  const problems = [];
  const displays = (display.turns ?? []).flatMap((name) => {
    if (!Object.hasOwn(pages, name)) {
      problems.push(`turns: there is no page "${name}" in the setting [pages]`);
      return [];
    }
    const [path, ...query] = pages[name].split("?");
    const found = readAddress(query.join("?"), known);
    problems.push(...found.problems.map((problem) => `${name}: ${problem}`));
    const host = hostIn(path);
    const { theme, distance } = found.display;
    return [
      {
        ...found.display,
        ...{ kiosk, dim, blank, wake, shift, screen, units, turns: null },
        host: host ?? found.display.host,
        theme: display.theme === "dark" ? theme : display.theme,
        distance: display.distance ?? distance,
      },
    ];
  });
  return { displays, problems };
}

/**
 * @param {string} path
 * @returns {string | null} machine that a path is of
 */
function hostIn(path) {
  const [, host] = /\/host\/([^/]+)$/.exec(path) ?? [];
  try {
    return host ? decodeURIComponent(host) : null;
  } catch {
    return host; // no escape: the machine is not known, and the page says so
  }
}

/**
 * @param {Room} first
 * @param {number} count
 * @returns {Room[]} so many, side by side; all but the first are hidden
 */
export function roomsFor(first, count) {
  const rooms = [first];
  for (let index = 1; index < count; index += 1) {
    const [tilesInto, panelsInto] = ["tiles", "panels"].map((name) => make("div", { class: name, hidden: "" }));
    first.panelsInto.parentElement?.append(tilesInto, panelsInto);
    rooms.push({ tilesInto, panelsInto });
  }
  return rooms;
}

/**
 * Shows one of several grids, drawn with what is known now, before the browser paints.
 * @param {readonly PanelGrid[]} grids
 * @param {number} shown
 */
export function showOnly(grids, shown) {
  grids.forEach((grid, index) => {
    grid.hidden = index !== shown;
    for (const room of [grid.options.tilesInto, grid.options.panelsInto]) if (room) room.hidden = grid.hidden;
  });
  grids[shown].drawNow();
}

/**
 * @param {PanelGrid} grid
 * @returns {boolean} true while an alert of its machine is critical that nobody has acknowledged
 */
export function isCritical({ eventLists, alertSource, clock, host }) {
  // A hidden page is not drawn, so what is known of its alerts is asked for here.
  const open = openIn({ eventLists, alertSource, now: clock.now() });
  return open.some(({ alert, known }) => alert.level === "critical" && !known && alert.host === host);
}
