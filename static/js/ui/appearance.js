// @ts-check
/** Applies theme, viewing distance, units, kiosk mode and transparency of a display to <html>. */
import { chooseUnits } from "./format.js";
import { resolveTheme } from "./theme.js";

/** @typedef {{theme: "dark" | "light" | "auto", distance: string | null, kiosk: boolean, transparent: boolean, units: string[]}} Display */
/** @typedef {{theme: import("./theme.js").Theme, restyle: () => void}} Restyled content that is drawn with a Theme */

/**
 * @param {HTMLElement} root <html>
 * @param {Display} display
 */
export function applyAppearance(root, display) {
  chooseUnits(display.units);
  root.dataset.theme = resolveTheme(display.theme);
  if (display.distance) root.dataset.distance = display.distance;
  else delete root.dataset.distance;
  root.toggleAttribute("data-kiosk", display.kiosk);
  root.toggleAttribute("data-screen", display.kiosk || display.distance !== null);
  root.toggleAttribute("data-transparent", display.transparent);
}

/**
 * Restyles content when the page's typeface has arrived: text in a canvas keeps that which it was drawn with.
 * @param {() => void} restyle
 */
export function watchTypeface(restyle) {
  document.fonts.addEventListener("loadingdone", restyle);
}

/**
 * Restyles the page when the size of the window changes that of the type, the typeface has arrived, or the system
 * turns dark or light.
 * @param {HTMLElement} root <html>
 * @param {Display} display
 * @param {Restyled} shown
 */
export function watchAppearance(root, display, shown) {
  watchTypeface(() => shown.restyle());
  addEventListener("resize", () => shown.theme.outgrown && shown.restyle());
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
    root.dataset.theme = resolveTheme(display.theme);
    shown.restyle();
  });
}
