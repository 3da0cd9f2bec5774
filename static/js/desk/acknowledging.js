// @ts-check
/** Dialog in which somebody acknowledges an alert, for everyone or for this display. */
import { make, write } from "../ui/dom.js";
import { keep, recall } from "../ui/storage.js";
import { Dialog } from "./dialog.js";
import { loadStyle } from "./style.js";

/** @import { Alert } from "../panels/alerts.js" */

/** Storage name of the token, which is kept for this tab alone. */
const MEMORY = "publish-token";

const TIMES = { "1h": "an hour", "8h": "8 hours", "24h": "a day", "3d": "3 days", "2w": "2 weeks" };

export class Acknowledging {
  /** @param {string} url of /alerts */
  constructor(url) {
    this.url = url;
    this.dialog = new Dialog("Acknowledge", "acknowledging");
    this.about = make("p", { class: "hint" });
    this.time = make("select", { id: "ack-for" }, ...Object.entries(TIMES).map(([value, words]) => make("option", { value }, words)));
    this.why = make("input", { id: "ack-why", type: "text", maxlength: "500", autocomplete: "off" });
    this.token = make("input", { id: "ack-token", type: "password", autocomplete: "off", value: String(recall(MEMORY) ?? "") });
    this.problem = make("p", { class: "problem", role: "alert" });
    const all = make("button", { type: "submit", class: "plain" }, "for everyone");
    const here = make("button", { type: "button", class: "plain" }, "only on this display");
    const fields = Object.entries({ "For how long": this.time, Why: this.why, "Publish token": this.token });
    const form = make("form", {}, this.about, ...fields.map(([label, control]) => make("p", { class: "field" }, make("label", { for: control.id }, label), control)), make("p", { class: "buttons" }, all, " ", here), this.problem);
    this.dialog.body.append(form);
    /** @type {Alert | null} */
    this.alert = null;
    this.hide = () => {};
    here.addEventListener("click", () => {
      this.hide();
      this.dialog.close();
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  /**
   * @param {Alert} alert
   * @param {() => void} hide hides it on this display
   */
  async open(alert, hide) {
    await Promise.all([loadStyle("desk"), loadStyle("dialogs")]);
    Object.assign(this, { alert, hide });
    write(this.about, `${alert.message}. Nobody is told of it until it is over or becomes worse, or time is up.`);
    write(this.problem, "");
    this.dialog.open();
  }

  async #send() {
    if (!this.alert) return;
    const { host, name } = this.alert;
    const [path, query] = this.url.split("?");
    try {
      const answer = await fetch(`${path}/${encodeURIComponent(host)}/${encodeURIComponent(name)}/ack${query ? `?${query}` : ""}`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${this.token.value}` },
        body: JSON.stringify({ for: this.time.value, why: this.why.value }),
      });
      if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail ?? `the server answered ${answer.status}`);
      keep(MEMORY, this.token.value);
      this.dialog.close();
    } catch (error) {
      write(this.problem, error instanceof Error ? error.message : String(error));
    }
  }
}
