// @ts-check
/** Short sentences about the display itself, under the header: each is there until it is taken back. */
import { make, write } from "./dom.js";

export class Notes {
  /** @param {HTMLElement} element a list */
  constructor(element) {
    this.element = element;
    /** @type {Map<string, HTMLElement>} */
    this.items = new Map();
  }

  /**
   * @param {string} topic at most one note is there about it
   * @param {string} text empty takes the note away
   */
  say(topic, text) {
    let item = this.items.get(topic);
    if (!text) {
      item?.remove();
      this.items.delete(topic);
    } else if (!item) {
      item = make("li", { "data-note": topic }, text);
      this.items.set(topic, item);
      this.element.append(item);
    } else write(item, text);
    this.element.hidden = this.items.size === 0;
  }
}
