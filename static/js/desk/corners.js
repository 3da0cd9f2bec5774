// @ts-check
/** Button in the head of each panel that opens its embedding dialog. */
import { make } from "../ui/dom.js";
import { button } from "./tools.js";

/** @typedef {import("../config/page_url.js").Place} Place */
/** @typedef {import("../panels/panel_grid.js").PanelGrid} PanelGrid */
/** @typedef {import("../panels/panel.js").Panel} Panel */

/**
 * @param {PanelGrid} grid
 * @param {(place: Place) => void} open
 */
export function addCorners(grid, open) {
  grid.places.forEach((place, index) => {
    const panel = /** @type {Panel} */ (grid.panels[index]);
    const words = `Embed this panel: ${panel.title.textContent}`;
    // Positioned by the style sheet, so that the head keeps its layout.
    panel.age.before(make("span", { class: "corner" }, button("embed", words, () => open(place), { "data-embed-panel": place.name })));
  });
}
