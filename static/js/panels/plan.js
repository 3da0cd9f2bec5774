// @ts-check
/** Plan of a page's grid: its panels and tiles, their places, and the events and columns that they need. */
import { columnsFor, DESK, presetFor } from "../config/presets.js";
import { covering } from "../config/scope.js";
import { OTHERS } from "../state/event_lists.js";
import { INTERVAL_EVENT } from "../state/intervals.js";
import { wantedBy } from "./registry.js";

/** @import { Display, Place } from "../config/page_url.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { Entry, Registry, TileEntry } from "./registry.js" */
/**
 * @typedef {object} Plan
 * @property {Place[]} places
 * @property {Entry[]} panels one for each place
 * @property {TileEntry[]} tiles
 * @property {Map<string, (key: string) => boolean>} wanted columns to keep, by event
 * @property {string[]} columns figures to load the past of, as for `columns` of /history
 * @property {Map<string, number | null>} published events among them that no machine samples, and their declared cadence
 * @property {string[]} lists events that are kept whole, and OTHERS
 * @property {(name: string) => boolean} isTold true for names of events that are told elsewhere than in notices
 * @property {import("../config/figure_name.js").Part[]} machines figures of other machines
 */

/** Event in which a machine says its rules. */
export const RULES = "rules";

/** Event whose panel has what else happens, too. */
export const NOTICE = "notice";

/** Events with panels of their own, or of the service itself; as in dashboard/events/paths.py. */
const TOLD = new Set(["alert", "log", "progress", RULES, "screen", "silence"]);

/** Family whose samples show that a machine is there: figures of one's own may come seldom. */
const PULSE = "cpu";

/**
 * @param {Registry} registry
 * @param {Display} display
 * @param {Settings} settings
 * @param {object} rest of the page
 * @param {boolean} rest.hasTiles
 * @param {string[]} rest.extraEvents families that it shows
 * @param {string[]} rest.eventNames events without a cadence that it shows
 * @returns {Plan}
 */
export function planOf(registry, display, { may: patterns }, { hasTiles, extraEvents, eventNames }) {
  const may = covering(patterns);
  const preset = presetFor(display.distance);
  const usual = preset.panels.map((name) => ({ name, across: 1, down: 1 }));
  const found = (display.panels ?? usual).flatMap((place) => registry.panels([place.name]).map(([, entry]) => ({ place, entry })));
  const shown = display.panels ? found : found.filter(({ entry }) => may(entry.event));
  const tileNames = hasTiles ? (display.tiles ?? preset.tiles) : [];
  const tiles = tileNames.map((name) => registry.tile(name)).filter((tile) => tile !== null && (display.tiles !== null || may(tile.event)));
  const panels = shown.map(({ entry }) => entry);
  const drawn = [...panels.filter(({ whole }) => !whole), ...tiles].flatMap((entry) => entry?.drawn ?? []).filter(({ event, hosts }) => hosts === null && may(event));
  const { families } = registry.catalogue;
  const own = panels.some(({ parts }) => parts.length) || drawn.some(({ event }) => !families.has(event));
  const wanted = wantedBy(drawn, [...extraEvents, INTERVAL_EVENT, RULES, ...(own ? [PULSE] : [])].filter(may));
  const events = [...wanted.keys(), ...panels.flatMap(({ parts }) => parts.map(({ event }) => event))];
  const lists = [...panels.filter(({ whole }) => whole).map(({ event }) => event), ...eventNames].filter(may);
  return {
    places: shown.map(({ place }) => place),
    panels,
    tiles: /** @type {TileEntry[]} */ (tiles),
    wanted,
    columns: [...new Set(drawn.flatMap(({ paths }) => paths))],
    published: new Map(events.filter((event) => !families.has(event)).map((event) => [event, registry.catalogue.every(event)])),
    lists: [...lists, ...(lists.includes(NOTICE) ? [OTHERS] : [])],
    isTold: (name) => families.has(name) || TOLD.has(name.split(".")[0]),
    machines: panels.flatMap(({ parts }) => parts.filter(({ hosts, event }) => hosts !== null && may(event))),
  };
}

/**
 * Places panels in a plain grid, unless the layout is the desk's, which the style sheet has.
 * @param {HTMLElement} into
 * @param {Display} display
 * @param {readonly Place[]} places
 * @param {readonly {element: HTMLElement}[]} panels one for each place
 */
export function placePanels(into, display, places, panels) {
  const own = display.panels !== null || display.columns !== null || display.distance !== null;
  into.dataset.layout = own ? "grid" : "desk";
  const preset = presetFor(display.distance);
  const cells = places.reduce((sum, { across, down }) => sum + across * down, 0);
  const columns = display.columns ?? (display.panels ? columnsFor(cells) : preset.columns);
  into.style.setProperty("--columns", String(own ? columns : DESK.columns));
  panels.forEach(({ element }, index) => {
    const { across, down } = places[index];
    element.style.setProperty("--across", String(Math.min(across, columns)));
    element.style.setProperty("--down", String(down));
  });
}
