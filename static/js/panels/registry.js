// @ts-check
/** All tiles and panels that an address may name: those of the catalogue, and those of figures. */
import { readFigure, readParts } from "../config/figure_name.js";
import { ChartPanel, chartSpec } from "./chart_panel.js";
import { TablePanel } from "./table_panel.js";
import { tableSpec } from "./table_rows.js";
import { Tile } from "./tile.js";
import { escaped, tileSpec } from "./tile_spec.js";

/** @import { Catalogue, PanelRow } from "../config/catalogue.js" */
/** @import { Part } from "../config/figure_name.js" */
/** @import { Known } from "../config/page_url.js" */
/** @import { Theme } from "../ui/appearance.js" */
/** @import { PanelOptions } from "./chart_panel.js" */
/** @import { Panel } from "./panel.js" */
/**
 * @typedef {object} Drawn figures that are drawn
 * @property {string} event
 * @property {RegExp} columns of the event
 * @property {string[]} paths figures to ask for so that those come, as EVENT.FIELD; or the event
 * @property {string | null} hosts pattern of other machines; null: that of the page
 */
/**
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} event family that it shows, or the first of several
 * @property {Drawn[]} drawn
 * @property {readonly Part[]} parts figures that it was named by; none for a panel of the catalogue
 * @property {boolean} [whole] shows events without a cadence, kept whole
 * @property {(options: PanelOptions) => Panel} make
 */
/** @typedef {{title: string, event: string, value: string, drawn: Drawn[], make: (theme: Theme) => Panel}} TileEntry */

/** No column: only the newest event is used. */
const NONE = /^$/;
const ALL = /^/;

/** Modules of panels that few walls show, by kind; loaded when a wall does. */
const LOADERS = {
  alerts: () => import("./alerts_panel.js"),
  cores: () => import("./cores_panel.js"),
  events: () => import("./log_panel.js"),
  jobs: () => import("./jobs_panel.js"),
  figures: () => import("./figure_panel.js"),
  machines: () => import("./machines_feed.js"),
};

/** @typedef {keyof typeof LOADERS} Kind */
/** @typedef {{[kind in Kind]: Awaited<ReturnType<(typeof LOADERS)[kind]>>}} Loaded */

/** Those that are loaded; a panel is made only after `load`. */
const loaded = /** @type {Loaded} */ ({});

export class Registry {
  /**
   * @param {Catalogue} catalogue
   * @param {readonly string[]} events published ones that the log has
   */
  constructor(catalogue, events) {
    this.catalogue = catalogue;
    this.events = events;
    /** Names that an address may have. @type {Known} */
    this.known = { tiles: [...catalogue.tiles.keys()], panels: [...catalogue.panels.keys()], events };
  }

  /**
   * Loads the modules of panels, which are made after it.
   * @param {string[] | null} names null: of all that there may be
   */
  async load(names) {
    const kinds = names ? names.flatMap((name) => this.#kindsOf(name)) : /** @type {Kind[]} */ (Object.keys(LOADERS));
    try {
      await Promise.all([...new Set(kinds)].map(async (kind) => Object.assign(loaded, { [kind]: await LOADERS[kind]() })));
    } catch (error) {
      // A page that lacks a part is loaded anew.
      globalThis.dispatchEvent?.(new Event("missing"));
      throw error;
    }
  }

  /** @returns {Loaded["machines"]["MachinesFeed"]} */
  get MachinesFeed() {
    return loaded.machines.MachinesFeed;
  }

  /**
   * @param {string} name
   * @returns {Kind[]}
   */
  #kindsOf(name) {
    const kind = this.catalogue.panels.get(name)?.kind;
    if (kind) return kind in LOADERS ? [/** @type {Kind} */ (kind)] : [];
    return name.includes("@") ? ["figures", "machines"] : ["figures"];
  }

  /**
   * @param {string} name
   * @returns {Entry | null} null if there is none
   */
  panel(name) {
    const row = this.catalogue.panels.get(name);
    if (row) return entryOf(row, this.catalogue);
    const parts = readParts(name, this.events);
    if (!parts) return null;
    const drawn = parts.map(({ event, field, hosts }) => ({ event, hosts, paths: [this.catalogue.path(event, field) ?? event], columns: field === null ? ALL : new RegExp(`(^|\\.)${escaped(field)}$`) }));
    return {
      title: this.catalogue.title(parts),
      event: parts[0].event,
      drawn,
      parts,
      make: (options) => new loaded.figures.FigurePanel(name, parts, this.catalogue, options),
    };
  }

  /**
   * @param {string} name
   * @returns {TileEntry | null} null if there is none
   */
  tile(name) {
    const row = this.catalogue.tiles.get(name) ?? this.#ownTile(name);
    if (!row) return null;
    const spec = tileSpec(row, this.catalogue);
    const { title, event, value, columns } = spec;
    return { title, event, value, drawn: [{ event, columns, paths: [this.catalogue.path(event, row.pick?.by ?? row.field) ?? event], hosts: null }], make: (theme) => new Tile(spec, theme) };
  }

  /**
   * @param {string[]} names of panels
   * @returns {[string, Entry][]} those that there are
   */
  panels(names) {
    return names.flatMap((name) => {
      const entry = this.panel(name);
      return entry ? [/** @type {[string, Entry]} */ ([name, entry])] : [];
    });
  }

  /** @param {string} name */
  #ownTile(name) {
    const { event, field } = readFigure(name, this.events) ?? {};
    if (!event || !field) return null;
    return { name, event, field, title: this.catalogue.figure(event, field).title, color: "blue", pick: null };
  }
}

/**
 * @param {PanelRow} row
 * @param {Catalogue} catalogue
 * @returns {Entry}
 */
function entryOf(row, catalogue) {
  const { name, title, event, kind } = row;
  /** @type {(columns: RegExp, fields: string[], make: (options: PanelOptions) => Panel, whole?: boolean) => Entry} */
  const entry = (columns, fields, make, whole = false) => {
    const paths = fields.map((field) => catalogue.path(event, field) ?? event);
    return { title, event, drawn: [{ event, columns, paths, hosts: null }], parts: [], whole, make };
  };
  if (kind === "chart") {
    const lines = [...new Set([...(row.lines ?? []), ...(row.stack ?? [])].map(({ field }) => field))];
    const patterns = [...lines.map(escaped), ...(row.strip ? [`${escaped(row.strip)}\\.\\d+`] : [])];
    return entry(new RegExp(`^(${patterns.join("|")})$`), [...lines, ...(row.strip ? [`${row.strip}.0`] : [])], (options) => new ChartPanel(chartSpec(row, catalogue), options));
  }
  if (kind === "cores") return entry(/^cores\.\d+$/, ["cores.0"], ({ theme }) => new loaded.cores.CoresPanel(theme));
  if (kind === "jobs") return entry(NONE, [], () => new loaded.jobs.JobsPanel(), true);
  if (kind === "alerts") return entry(NONE, [], () => new loaded.alerts.AlertsPanel(), true);
  if (kind === "events") {
    return entry(NONE, [], ({ interaction }) => new loaded.events.LogPanel({ ...loaded.events.LINES[name], name, event, title }, interaction !== null), true);
  }
  return entry(NONE, [], () => new TablePanel(tableSpec(row)));
}

/**
 * @param {Drawn[]} drawn
 * @param {string[]} extraEvents events of which only the newest is needed
 * @returns {Map<string, (key: string) => boolean>} columns to keep, by event
 */
export function wantedBy(drawn, extraEvents) {
  /** @type {Map<string, RegExp[]>} */
  const patterns = new Map(extraEvents.map((event) => [event, []]));
  for (const { event, columns } of drawn) patterns.set(event, [...(patterns.get(event) ?? []), columns]);
  return new Map([...patterns].map(([event, all]) => [event, (key) => all.some((pattern) => pattern.test(key))]));
}
