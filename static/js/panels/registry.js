// @ts-check
/** All tiles and panels, by their name in an address. */
import { AlertsPanel } from "./alerts_panel.js";
import { ChartPanel } from "./chart_panel.js";
import { CHARTS } from "./chart_specs.js";
import { CoresPanel } from "./cores_panel.js";
import { JobsPanel } from "./jobs_panel.js";
import { LogPanel, LINES } from "./log_panel.js";
import { TablePanel } from "./table_panel.js";
import { TABLES } from "./table_specs.js";
import { Tile } from "./tile.js";
import { TILES } from "./tile_specs.js";

/** @typedef {import("./chart_panel.js").PanelOptions} PanelOptions */
/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("../ui/theme.js").Theme} Theme */
/**
 * @typedef {object} Entry
 * @property {string} title
 * @property {string} event family that it shows
 * @property {RegExp} columns of the family that it draws
 * @property {boolean} [whole] shows events without a cadence, kept whole
 * @property {(options: PanelOptions) => Panel} make
 */

/** No column: only the newest event is used. */
const NONE = /^$/;

/** @type {(name: string, entry: Entry) => [string, Entry]} */
const named = (name, entry) => [name, entry];

/** @type {ReadonlyMap<string, Entry>} */
export const PANELS = new Map([
  ...CHARTS.map((spec) => {
    const fields = [...spec.lines.map(({ field }) => field), ...(spec.strip ? [`${spec.strip}\\.\\d+`] : [])];
    const columns = new RegExp(`^(${fields.join("|")})$`);
    return named(spec.name, { title: spec.title, event: spec.event, columns, make: (options) => new ChartPanel(spec, options) });
  }),
  named("cores", { title: "Cores", event: "cpu", columns: /^cores\.\d+$/, make: ({ theme }) => new CoresPanel(theme) }),
  ...TABLES.map((spec) => named(spec.name, { title: spec.title, event: spec.event, columns: NONE, make: () => new TablePanel(spec) })),
  named("progress", { title: "Jobs", event: "progress", columns: NONE, whole: true, make: () => new JobsPanel() }),
  named("alerts", { title: "Alerts", event: "alert", columns: NONE, whole: true, make: () => new AlertsPanel() }),
  ...LINES.map((spec) => {
    const make = (/** @type {PanelOptions} */ { interaction }) => new LogPanel(spec, interaction !== null);
    return named(spec.name, { title: spec.title, event: spec.event, columns: NONE, whole: true, make });
  }),
]);

/** @type {ReadonlyMap<string, {title: string, event: string, value: string, columns: RegExp, make: (theme: Theme) => Panel}>} */
export const TILE_SET = new Map(
  TILES.map((spec) => [
    spec.name,
    { title: spec.title, event: spec.event, value: spec.value, columns: spec.columns, make: (theme) => new Tile(spec, theme) },
  ]),
);

/** Names that an address may have. */
export const KNOWN = { tiles: [...TILE_SET.keys()], panels: [...PANELS.keys()] };

/**
 * @param {{event: string, columns: RegExp, whole?: boolean}[]} entries
 * @param {string[]} extraEvents events of which only the newest is needed
 * @returns {Map<string, (key: string) => boolean>} columns to keep, by event
 */
export function wantedBy(entries, extraEvents) {
  /** @type {Map<string, RegExp[]>} */
  const patterns = new Map(extraEvents.map((event) => [event, []]));
  for (const { event, columns, whole } of entries) {
    if (!whole) patterns.set(event, [...(patterns.get(event) ?? []), columns]);
  }
  return new Map([...patterns].map(([event, all]) => [event, (key) => all.some((pattern) => pattern.test(key))]));
}
