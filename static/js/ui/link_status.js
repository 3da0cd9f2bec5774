// @ts-check
/** Shows the state of the link in the header, on <html> and in the title, and announces its changes. */
import { find, mark, write } from "./dom.js";
import { linkState, linkStatusText } from "./link_state.js";

/** @typedef {import("./link_state.js").LinkFacts} LinkFacts */
/** @typedef {import("./link_state.js").LinkState} LinkState */

export class LinkStatus {
  /** @param {HTMLElement} root <html> */
  constructor(root) {
    this.root = root;
    this.state = find(root, "[data-link-state]");
    this.words = find(root, "[data-link-words]");
    this.announcer = find(root, "[data-announcer]");
    /** @type {LinkState | null} */
    this.announced = null;
    this.name = document.title;
  }

  /**
   * @param {LinkFacts} facts
   * @returns {LinkState}
   */
  show(facts) {
    const state = linkState(facts);
    mark(this.root, "data-link", state);
    write(this.state, state);
    write(this.words, linkStatusText(state, facts));
    if (state !== this.announced) {
      // Only changes are announced: a screen reader would read a counting age for ever.
      document.title = state === "live" ? this.name : `${state} · ${this.name}`;
      if (this.announced !== null) write(this.announcer, `${state}: ${linkStatusText(state, facts)}`);
      this.announced = state;
    }
    return state;
  }
}
