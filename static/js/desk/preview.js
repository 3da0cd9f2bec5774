// @ts-check
/** The page as an address would show it, small: laid out for a screen of 1920 by 1080, then scaled. */
import { make } from "../ui/dom.js";

/** Pixels of the screen that is shown; the style sheet has them too. */
const WIDTH = 1920;

/** Milliseconds without another change before it is loaded. */
const REST = 400;

export class Preview {
  constructor() {
    this.element = make("div", { class: "preview" });
    /** @type {HTMLIFrameElement | null} */
    this.frame = null;
    this.shown = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    new ResizeObserver(([entry]) => {
      if (entry) this.element.style.setProperty("--scale", String(entry.contentRect.width / WIDTH));
    }).observe(this.element);
  }

  /** @param {string} url */
  show(url) {
    clearTimeout(this.timer);
    if (url !== this.shown) this.timer = setTimeout(() => this.#load(url), this.frame ? REST : 0);
  }

  /** Nobody looks: it goes, and its charts with it. */
  hide() {
    clearTimeout(this.timer);
    this.frame?.remove();
    this.frame = null;
    this.shown = "";
  }

  /** @param {string} url */
  #load(url) {
    this.shown = url;
    // Another frame each time: going elsewhere in one would be a step for the back button.
    const frame = make("iframe", { src: url, title: "Preview", tabindex: "-1", inert: "" });
    this.frame?.remove();
    this.frame = frame;
    this.element.append(frame);
  }
}
