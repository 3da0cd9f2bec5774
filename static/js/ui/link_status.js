// @ts-check
/** Shows the state of the link as text and on an element, and announces its changes. */
import { find, mark, write } from "./dom.js";
import { linkState, linkStatusText } from "./link_state.js";

/** @import { LinkFacts, LinkState } from "./link_state.js" */
/**
 * @typedef {object} LinkElements
 * @property {Element} marked gets data-link
 * @property {Element} state
 * @property {Element} words
 * @property {Element} announcer live region of screen readers
 */

export class LinkStatus {
  /** @param {LinkElements} elements */
  constructor(elements) {
    this.elements = elements;
    /** @type {LinkState | null} */
    this.announced = null;
  }

  /**
   * @param {LinkFacts} facts
   * @returns {LinkState}
   */
  show(facts) {
    const { marked, state: name, words, announcer } = this.elements;
    const state = linkState(facts);
    const text = linkStatusText(state, facts);
    mark(marked, "data-link", state);
    write(name, state);
    write(words, text);
    if (state !== this.announced) {
      // Only changes are announced: a screen reader would read a counting age for ever.
      if (this.announced !== null) write(announcer, `${state}: ${text}`);
      this.announced = state;
    }
    return state;
  }
}

/** Link status of a whole page: in its header, on <html> and in its title. */
export class PageLinkStatus extends LinkStatus {
  /** @param {HTMLElement} root <html> */
  constructor(root) {
    const [state, words, announcer] = ["[data-link-state]", "[data-link-words]", "[data-announcer]"].map((selector) => find(root, selector));
    super({ marked: root, state, words, announcer });
    this.title = document.title;
  }

  /**
   * @param {LinkFacts} facts
   * @returns {LinkState}
   */
  show(facts) {
    const state = super.show(facts);
    const title = state === "live" ? this.title : `${state} · ${this.title}`;
    if (document.title !== title) document.title = title;
    return state;
  }
}
