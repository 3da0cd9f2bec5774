// @ts-check
/**
 * Dark or light, and what canvases need of it. The style sheet owns every colour and size; a canvas
 * cannot read custom properties, so they are read here once for each theme and type size.
 */

/**
 * @typedef {object} Palette
 * @property {(name: string) => string} color by the name of its custom property, without dashes
 * @property {number} rem the type size that all else follows, CSS pixels
 * @property {string} family
 */

/** @type {Palette | null} */
let current = null;

/** @returns {Palette} */
export function palette() {
  if (current === null) {
    const style = getComputedStyle(document.documentElement);
    current = {
      color: (name) => style.getPropertyValue(`--${name}`).trim(),
      rem: parseFloat(style.fontSize),
      family: style.fontFamily,
    };
  }
  return current;
}

/**
 * Calls back when canvases have to be drawn with other colours or another type size.
 * @param {() => void} changed
 */
export function watchTheme(changed) {
  let rem = palette().rem;
  addEventListener("resize", () => {
    const now = parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (now === rem) return;
    rem = now;
    current = null;
    changed();
  });
}

/**
 * The address stays what the display shows, so that it can be bookmarked.
 * @param {HTMLButtonElement} button
 * @param {() => void} changed
 */
export function bindToggle(button, changed) {
  button.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = next;
    current = null;
    const address = new URL(location.href);
    if (next === "light") address.searchParams.set("theme", next);
    else address.searchParams.delete("theme");
    history.replaceState(null, "", address);
    changed();
  });
}
