// @ts-check
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
