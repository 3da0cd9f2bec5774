// @ts-check
/** Style sheets that are loaded on demand. */
import { make } from "../ui/dom.js";

/** @type {Map<string, Promise<void>>} */
const loading = new Map();

/**
 * @param {string} name of a file in static/css, without .css
 * @returns {Promise<void>} rejected if it cannot be loaded; the next call tries again
 */
export function loadStyle(name) {
  let loaded = loading.get(name);
  if (!loaded) {
    const link = make("link", { rel: "stylesheet", href: new URL(`../../css/${name}.css`, import.meta.url).href });
    loaded = new Promise((resolve, reject) => {
      link.onload = () => resolve();
      link.onerror = () => {
        link.remove();
        loading.delete(name);
        reject(new Error(`no ${name}.css`));
      };
    });
    loading.set(name, loaded);
    document.head.append(link);
  }
  return loaded;
}
