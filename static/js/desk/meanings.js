// @ts-check
/** Dialog that explains each figure of the panels that are shown, in the words of the server's catalogue. */
import { make } from "../ui/dom.js";
import { Dialog } from "./dialog.js";
import { loadCatalogue } from "./server_catalogue.js";

/** @import { ToldFigure } from "./server_catalogue.js" */

/** @param {import("./dialog.js").Wall} wall */
export function create({ grid, registry, settings }) {
  const dialog = new Dialog("What the figures mean", "meanings");
  const words = make("p", { class: "hint", role: "status" });
  const list = make("dl", { class: "keys" });
  dialog.body.append(words, list);
  /** @type {ToldFigure[] | null} */
  let figures = null;

  function show() {
    const shown = registry.panels(grid.places.map(({ name }) => name)).map(([, entry]) => entry);
    const events = new Set(shown.flatMap(({ drawn }) => drawn.map(({ event }) => event)));
    const rows = (figures ?? []).filter(({ event, meaning }) => events.has(event) && meaning);
    list.replaceChildren(...rows.flatMap(({ name, title, meaning = "" }) => [make("dt", {}, title), make("dd", {}, meaning, make("code", {}, name))]));
    words.textContent = rows.length ? "" : "No figure that is shown here has an explanation.";
  }

  return {
    async open() {
      dialog.open();
      if (figures) return show();
      words.textContent = "Loading…";
      try {
        figures = (await loadCatalogue(settings.catalogueUrl)).figures;
      } catch {
        words.textContent = "The explanations could not be loaded; the server may be away.";
        return;
      }
      show();
    },
  };
}
