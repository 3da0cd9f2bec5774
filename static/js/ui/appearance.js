// @ts-check
/** Looks of a page: theme, viewing distance, units, kiosk mode and transparency of a display, and colours for canvases. */
import { chooseUnits } from "./format.js";

/** @typedef {{theme: "dark" | "light" | "auto", distance: string | null, kiosk: boolean, transparent: boolean, units: string[]}} Display */
/** @typedef {{theme: Theme, restyle: () => void}} Restyled content that is drawn with a Theme */

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

/**
 * Colours and type size of the style sheet for canvases, which cannot read custom properties. Read once for each
 * theme and type size.
 */
export class Theme {
  /** @param {Element} element that has the custom properties and the type size */
  constructor(element) {
    this.element = element;
    /** @type {CSSStyleDeclaration | null} live, but slow to read */
    this.style = null;
    /** @type {Map<string, string>} */
    this.colors = new Map();
    this.size = 0;
  }

  /**
   * @param {string} name of a custom property, without dashes
   * @returns {string}
   */
  color(name) {
    let color = this.colors.get(name);
    if (color === undefined) {
      color = this.#style().getPropertyValue(`--${name}`).trim();
      this.colors.set(name, color);
    }
    return color;
  }

  /** @returns {number} type size, CSS pixels; all other sizes are multiples of it */
  get unit() {
    if (this.size === 0) this.size = parseFloat(this.#style().fontSize);
    return this.size;
  }

  get family() {
    return this.#style().fontFamily;
  }

  /** @returns {boolean} true if the type size has changed since it was read */
  get outgrown() {
    return this.size !== 0 && parseFloat(getComputedStyle(this.element).fontSize) !== this.size;
  }

  /** To be called when another theme or type size is in force. */
  renew() {
    this.style = null;
    this.colors.clear();
    this.size = 0;
  }

  #style() {
    this.style ??= getComputedStyle(this.element);
    return this.style;
  }
}

/**
 * @param {"dark" | "light" | "auto"} theme
 * @returns {"dark" | "light"} auto: that of the system
 */
export function resolveTheme(theme) {
  if (theme !== "auto") return theme;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}
