// @ts-check
/** Style sheets and dialogs that are loaded on demand. */
import { make } from "../ui/dom.js";

/** @typedef {{open: () => void}} Openable */

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

export class Dialogs {
  /** @param {import("../ui/notes.js").Notes} notes */
  constructor(notes) {
    this.notes = notes;
    /** @type {Map<string, Promise<Openable>>} */
    this.made = new Map();
  }

  /**
   * Opens a dialog, which is loaded and made the first time.
   * @template Page, [Detail=undefined]
   * @param {string} name
   * @param {() => Promise<{create: (page: Page, detail: Detail) => Openable}>} load
   * @param {Page} page
   * @param {Detail} [detail]
   */
  async open(name, load, page, detail) {
    let made = this.made.get(name);
    if (!made) {
      made = Promise.all([load(), loadStyle("desk"), loadStyle("dialogs")]).then(([{ create }]) => create(page, /** @type {Detail} */ (detail)));
      this.made.set(name, made);
    }
    let dialog;
    try {
      dialog = await made;
    } catch (error) {
      console.warn(error);
      this.made.delete(name);
      this.notes.say("dialog", `the ${name} could not be loaded; the server may be away`);
      return;
    }
    this.notes.say("dialog", "");
    dialog.open();
  }
}
