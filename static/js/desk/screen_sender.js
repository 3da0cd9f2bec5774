// @ts-check
/** Dialog of the list of screens that asks where to send a display, and for a token that may publish. */
import { find } from "../ui/dom.js";

export class ScreenSender {
  /** @param {HTMLDialogElement} dialog of the page */
  constructor(dialog) {
    this.dialog = dialog;
    this.title = find(dialog, "[data-name]");
    this.place = /** @type {HTMLInputElement} */ (find(dialog, "[name=place]"));
    /** Kept as long as the page is open. */
    this.token = /** @type {HTMLInputElement} */ (find(dialog, "[name=token]"));
    /** @type {(body: object, token: string) => void} */
    this.send = () => {};
    dialog.addEventListener("close", () => {
      const place = this.place.value.trim();
      if (dialog.returnValue === "send" && place) this.send(place.startsWith("/") ? { url: place } : { page: place }, this.token.value);
    });
  }

  /**
   * @param {string} name of the display
   * @param {(body: object, token: string) => void} send
   */
  open(name, send) {
    this.title.textContent = name;
    this.send = send;
    this.dialog.returnValue = "";
    this.dialog.showModal();
  }
}
