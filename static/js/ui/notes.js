// @ts-check
/** Notes under the header: short sentences about the display, each shown until it is withdrawn. */
import { make, write } from "./dom.js";

export class Notes {
  /** @param {HTMLElement} element a live region */
  constructor(element) {
    this.element = element;
    /** @type {Map<string, HTMLElement>} */
    this.items = new Map();
  }

  /**
   * @param {string} topic has at most one note
   * @param {string} text empty removes the note
   */
  say(topic, text) {
    let item = this.items.get(topic);
    if (!text) {
      item?.remove();
      this.items.delete(topic);
    } else if (!item) {
      item = make("p", { "data-note": topic }, text);
      this.items.set(topic, item);
      this.element.append(item);
    } else write(item, text);
    // Written only if it has changed: each change of the page costs a frame.
    if (this.element.hidden !== (this.items.size === 0)) this.element.hidden = this.items.size === 0;
  }
}
