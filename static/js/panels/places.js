// @ts-check
/** Places panels in a plain grid, unless the layout is the desk's, which the style sheet has. */
import { columnsFor, DESK, presetFor } from "../config/presets.js";

/** @import { Display, Place } from "../config/page_url.js" */

/**
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
