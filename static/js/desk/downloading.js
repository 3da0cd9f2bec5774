// @ts-check
/** Dialog that downloads the shown figures. */
import { make } from "../ui/dom.js";
import { clock } from "../ui/format.js";
import { Dialog } from "./dialog.js";
import { fileName, join, toCsv, toJson } from "./download.js";

/** @import { Column } from "../charts/scale.js" */
/** @import { View } from "../panels/panel.js" */
/** @import { PanelGrid } from "../panels/panel_grid.js" */
/** @import { About, Part, Sheet } from "./download.js" */

/** Ends of the names of columns beside those of means, where a row is a span of time. */
const LOWEST = " lowest";
const HIGHEST = " highest";

/** @param {import("./dialog.js").Wall} wall */
export function create({ grid, registry }) {
  const dialog = new Dialog("Download what is shown", "downloading");
  const words = make("p");
  const note = make("p", { class: "hint" });
  /** @type {{about: About, sheet: Sheet} | null} */
  let shown = null;

  /**
   * @param {"csv" | "json"} ending
   * @param {string} type
   * @param {(about: About, sheet: Sheet) => string} write
   */
  const choice = (ending, type, write) => {
    const button = make("button", { type: "button", class: "plain main", "data-save": ending }, ending.toUpperCase());
    button.addEventListener("click", () => {
      if (!shown) return;
      const { about, sheet } = shown;
      save(new Blob([write(about, sheet)], { type }), fileName(about.host, about.to, ending));
      dialog.close();
    });
    return button;
  };
  const choices = [choice("csv", "text/csv", (_about, sheet) => toCsv(sheet)), choice("json", "application/json", toJson)];
  dialog.body.append(words, note, make("div", { class: "choices" }, ...choices));

  return {
    open() {
      // Before the first hello the time is unknown.
      shown = grid.view && Number.isFinite(grid.view.to) ? collect(grid, registry, grid.view) : null;
      for (const button of choices) button.disabled = !shown;
      dialog.open();
      if (!shown) {
        words.textContent = "Nothing is shown yet.";
        note.textContent = "";
        return;
      }
      const { about, sheet } = shown;
      const sizes = `${sheet.times.length} rows of ${sheet.names.length} figures`;
      words.textContent = `${about.host}, ${clock(about.from)} to ${clock(about.to)}: ${sizes}.`;
      const lists = Object.keys(about.latest);
      note.textContent =
        "Times are in UTC and in seconds since 1970. A row without figures is a gap." +
        (sheet.names.some((name) => name.endsWith(HIGHEST)) ? " A row is a span of time, at its middle: the mean, the lowest and the highest value." : "") +
        (lists.length ? ` Lists (${lists.join(", ")}) are in the JSON file only, as they are now.` : "");
    },
  };
}

/**
 * @param {PanelGrid} grid
 * @param {import("../panels/registry.js").Registry} registry
 * @param {View} view
 */
function collect(grid, registry, { store, host, from, to, machines }) {
  // A wall without charts shows the sparklines of its tiles.
  const panels = registry.panels(grid.places.map(({ name }) => name)).map(([, entry]) => entry);
  const tiles = [...registry.catalogue.tiles.keys()].map((name) => registry.tile(name));
  const entries = panels.some(({ whole }) => !whole) ? panels.filter(({ whole }) => !whole) : tiles;
  const drawn = entries.flatMap((entry) => entry?.drawn ?? []);
  /** @type {(source: View["store"], event: string, name: string, wanted: RegExp[], suffix: string) => Part} */
  const part = (source, event, name, wanted, suffix) => {
    const { times, columns, bands } = source.series(name, event);
    const kept = [...columns].filter(([key]) => wanted.some((pattern) => pattern.test(key)));
    const ends = bands ? Object.entries({ [LOWEST]: bands.low, [HIGHEST]: bands.high }) : [];
    return {
      event,
      times,
      columns: kept.flatMap(([key, values]) => [[key + suffix, values], .../** @type {[string, Column][]} */ (ends.map(([word, all]) => [key + suffix + word, all.get(key) ?? []]))]),
    };
  };
  const own = drawn.filter(({ hosts }) => hosts === null);
  const events = [...new Set(own.map(({ event }) => event))];
  const parts = events.map((event) => part(store, event, host, own.filter((each) => each.event === event).map(({ columns }) => columns), ""));
  const lists = parts.filter(({ columns }) => columns.length === 0).map(({ event }) => [event, store.latest(host, event)]);
  const others = drawn.flatMap(({ event, columns, hosts }) => (machines && hosts !== null ? machines.hosts(hosts).map((name) => part(machines.store, event, name, [columns], `@${name}`)) : []));
  const latest = Object.fromEntries(lists.filter(([, data]) => data !== null));
  return { about: { host, from, to, latest }, sheet: join([...parts, ...others].filter(({ columns }) => columns.length), from, to) };
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function save(blob, name) {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  // By then the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
