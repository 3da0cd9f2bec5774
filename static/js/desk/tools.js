// @ts-check
/** Tool buttons in the header, the name of each that has a key ends with it; and one in the head of each panel. */
import { writeSeconds } from "../config/page_url.js";
import { make, mark } from "../ui/dom.js";
import { icon } from "./icons.js";
import { WINDOWS } from "./shortcuts.js";

/** @import { Place } from "../config/page_url.js" */
/** @import { Panel } from "../panels/panel.js" */
/** @import { PanelGrid } from "../panels/panel_grid.js" */
/** @import { IconName } from "./icons.js" */
/** @import { Actions } from "./shortcuts.js" */
/** @typedef {{live: boolean, window: number, theme: "dark" | "light"}} Shown */

export class Tools {
  /** @param {Actions} actions */
  constructor(actions) {
    this.pause = button("pause", "", actions.pause, { "data-pause": "" });
    this.window = make("select", { "aria-label": "Time that the charts show", title: "Time that the charts show (1 to 8)", "data-window": "" });
    this.window.append(...WINDOWS.map(([seconds, name]) => make("option", { value: String(seconds) }, name)));
    let byHand = false;
    this.window.addEventListener("pointerdown", () => (byHand = true));
    this.window.addEventListener("keydown", () => (byHand = false));
    this.window.addEventListener("change", () => {
      actions.window(Number(this.window.value));
      // After a choice by mouse the keys are the page's again; after one by keyboard the focus stays.
      if (byHand) this.window.blur();
    });
    this.theme = button("sun", "", actions.theme, { "data-theme-toggle": "" });
    this.full = button("full", "", actions.full, { "data-full": "" });
    this.elements = [
      this.pause,
      this.window,
      button("calendar", "Go to a moment (g)", actions.calendar, { "data-calendar": "" }),
      this.theme,
      ...(document.fullscreenEnabled ? [this.full] : []),
      button("download", "Download what is shown (d)", actions.download, { "data-download": "" }),
      button("edit", "Edit this page (e)", actions.edit, { "data-edit": "" }),
      ...(actions.share ? [button("share", "Share by a link", actions.share, { "data-share": "" })] : []),
      button("help", "Help (?)", actions.help, { "data-help": "" }),
    ];
    document.addEventListener("fullscreenchange", () => this.#showFull());
    this.#showFull();
  }

  /** @param {Shown} shown */
  show({ live, window, theme }) {
    become(this.pause, live ? "pause" : "play", live ? "Pause (space)" : "Go on (space)");
    mark(this.pause, "data-on", live ? null : "");
    become(this.theme, theme === "light" ? "moon" : "sun", theme === "light" ? "Dark (t)" : "Light (t)");
    const value = String(window);
    // The address may name a window that is not in the list.
    if (![...this.window.options].some((option) => option.value === value)) {
      this.window.prepend(make("option", { value }, writeSeconds(window)));
    }
    this.window.value = value;
  }

  #showFull() {
    const full = document.fullscreenElement !== null;
    become(this.full, full ? "unfull" : "full", full ? "Leave full screen (f)" : "Full screen (f)");
  }
}

/**
 * Adds a button to each panel that opens its embedding dialog.
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

/**
 * @param {IconName} picture
 * @param {string} name
 * @param {() => void} run
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLButtonElement}
 */
export function button(picture, name, run, attributes = {}) {
  const element = make("button", { type: "button", class: "tool", ...attributes });
  become(element, picture, name);
  element.addEventListener("click", run);
  return element;
}

/**
 * @param {HTMLButtonElement} button
 * @param {IconName} picture
 * @param {string} name
 */
function become(button, picture, name) {
  mark(button, "aria-label", name);
  mark(button, "title", name);
  if (!button.querySelector(`.icon-${picture}`)) button.replaceChildren(icon(picture));
}
