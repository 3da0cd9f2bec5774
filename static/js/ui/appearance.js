// @ts-check
/** How a page is dressed for where it hangs: in which theme, for which distance, for hands or not. */
import { resolveTheme } from "./theme.js";

/** @typedef {{theme: "dark" | "light" | "auto", distance: string | null, kiosk: boolean, transparent: boolean}} Display */
/** @typedef {{theme: import("./theme.js").Theme, restyle: () => void}} Restyled draws by a Theme, and does so again */

/**
 * @param {HTMLElement} root <html>
 * @param {Display} display
 */
export function applyAppearance(root, display) {
  root.dataset.theme = resolveTheme(display.theme);
  if (display.distance) root.dataset.distance = display.distance;
  root.toggleAttribute("data-kiosk", display.kiosk);
  root.toggleAttribute("data-transparent", display.transparent);
}

/**
 * Restyled anew when the window's size makes another type size, or the system turns dark or light.
 * @param {HTMLElement} root <html>
 * @param {Display} display
 * @param {Restyled} shown
 */
export function watchAppearance(root, display, shown) {
  addEventListener("resize", () => shown.theme.outgrown && shown.restyle());
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => {
    root.dataset.theme = resolveTheme(display.theme);
    shown.restyle();
  });
}
