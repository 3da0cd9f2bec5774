// @ts-check
/**
 * What canvases need of the style sheet, which owns every colour and size: a canvas cannot read
 * custom properties, so they are read here once for each theme and type size.
 */

export class Theme {
  /** @param {Element} element whose colours and type are in force */
  constructor(element) {
    this.element = element;
    /** @type {CSSStyleDeclaration | null} live, but slow to ask */
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

  /** @returns {number} CSS pixels of the type size that all else follows */
  get unit() {
    if (this.size === 0) this.size = parseFloat(this.#style().fontSize);
    return this.size;
  }

  get family() {
    return this.#style().fontFamily;
  }

  /** @returns {boolean} whether the type size is another one than when it was last asked for */
  get outgrown() {
    return this.size !== 0 && parseFloat(getComputedStyle(this.element).fontSize) !== this.size;
  }

  /** Another theme or type size is in force. */
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
 * @returns {"dark" | "light"} auto is as the system has it
 */
export function resolveTheme(theme) {
  if (theme !== "auto") return theme;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}
