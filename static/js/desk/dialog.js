// @ts-check
/** Modal dialog with a title and a button to close it. Its content stays while it is closed. */
import { make } from "../ui/dom.js";
import { button } from "./tools.js";

/** @import { Display } from "../config/page_url.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { PanelGrid } from "../panels/panel_grid.js" */
/** @import { Notes } from "../ui/notes.js" */
/**
 * @typedef {object} Wall page that the desk tools act on
 * @property {HTMLElement} root <html>
 * @property {HTMLElement} toolsInto
 * @property {Settings} settings
 * @property {Display} display changed here, and kept in step with the address
 * @property {PanelGrid} grid
 * @property {import("../panels/registry.js").Registry} registry
 * @property {Notes} notes
 */

let count = 0;

export class Dialog {
  /**
   * @param {string} title
   * @param {string} className
   */
  constructor(title, className) {
    count += 1;
    const id = `dialog-${count}`;
    this.body = make("div", { class: "dialog-body" });
    const close = button("close", "Close (Escape)", () => this.close());
    // The title is focused first, so that screen readers begin with it.
    const head = make("header", {}, make("h2", { id, tabindex: "-1", autofocus: "" }, title), close);
    const sheet = make("div", { class: "sheet" }, head, this.body);
    this.element = make("dialog", { class: className, "aria-labelledby": id }, sheet);
    document.body.append(this.element);

    // A click beside the dialog closes it, unless it ends a drag that began inside.
    let beside = false;
    this.element.addEventListener("pointerdown", ({ target }) => (beside = target === this.element));
    this.element.addEventListener("click", ({ target }) => beside && target === this.element && this.close());
  }

  open() {
    if (!this.element.open) this.element.showModal();
  }

  close() {
    this.element.close();
  }
}
