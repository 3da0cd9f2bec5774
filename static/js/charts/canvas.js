// @ts-check
/** Canvas that fills its box at the resolution of the screen, for drawings too small for a chart. */
import { make } from "../ui/dom.js";

export class Canvas {
  /** @param {string} className */
  constructor(className) {
    this.element = make("canvas", { class: className, "aria-hidden": "true" });
    this.width = 0;
    this.height = 0;
    this.observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      this.width = entry.contentRect.width;
      this.height = entry.contentRect.height;
      this.paint();
    });
    this.observer.observe(this.element);
  }

  destroy() {
    this.observer.disconnect();
  }

  /** Draws what is shown, also when the size has changed. */
  paint() {}

  /** @returns {CanvasRenderingContext2D | null} cleared, in CSS pixels; null while there is no room */
  begin() {
    const context = this.element.getContext("2d");
    if (!context || this.width < 1 || this.height < 1) return null;
    const ratio = devicePixelRatio;
    const [width, height] = [Math.round(this.width * ratio), Math.round(this.height * ratio)];
    if (this.element.width !== width) this.element.width = width;
    if (this.element.height !== height) this.element.height = height;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return context;
  }
}
