// @ts-check
/** Preview of an address: an iframe laid out for a screen of 1920 by 1080, then scaled down. */
import { make } from "../ui/dom.js";

/** Width of the previewed screen, pixels; the style sheet has it too. */
const WIDTH = 1920;

/** Milliseconds without a change before the preview is loaded. */
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

  /** Removes the iframe, and with it its stream and charts. */
  hide() {
    clearTimeout(this.timer);
    this.frame?.remove();
    this.frame = null;
    this.shown = "";
  }

  /** @param {string} url */
  #load(url) {
    this.shown = url;
    // A new iframe each time: navigating one would add a step to the history.
    const frame = make("iframe", { src: url, title: "Preview", tabindex: "-1", inert: "" });
    this.frame?.remove();
    this.frame = frame;
    this.element.append(frame);
  }
}
