// @ts-check
/** Row of one display in the list of screens: how it is, and buttons that ask something of it. */
import { make, mark, write } from "../ui/dom.js";
import { NONE, age, clock, size, text } from "../ui/format.js";
import { check, reasonOf, TIMEOUT } from "./list_requests.js";

/**
 * @typedef {object} Screen last report of a display
 * @property {string} name
 * @property {"here" | "silent"} state
 * @property {number} time of its report, seconds since 1970
 * @property {number} age of its report, seconds
 * @property {string} build
 * @property {number | null} lag seconds
 * @property {number | null} heap bytes
 * @property {"live" | "stale" | "lost"} link
 * @property {number} width
 * @property {number} height
 * @property {string} url
 */

export class ScreenRow {
  /**
   * @param {string} name
   * @param {string} address of the list
   * @param {import("./screen_sender.js").ScreenSender} sender
   */
  constructor(name, address, sender) {
    this.address = address;
    this.name = name;
    /** @type {Screen | null} */
    this.screen = null;
    /** Time of the newest report when the button was pressed. @type {number | null} */
    this.askedAt = null;
    this.asking = false;
    this.state = make("td", { class: "state", "data-field": "state" });
    this.build = cell("build", "Build");
    this.lag = cell("lag", "Lag", "number");
    this.heap = cell("heap", "Heap", "number");
    this.size = cell("size", "Size", "number");
    this.url = cell("url", "Shows");
    this.reported = cell("reported", "Reported", "number");
    this.answer = make("span", { class: "answer", role: "status" });
    const button = (/** @type {string} */ word, /** @type {() => void} */ act) => {
      const element = make("button", { type: "button", "aria-label": `${word} ${name}` }, word);
      element.addEventListener("click", act);
      return element;
    };
    const buttons = [
      button("Reload", () => this.#ask("reload", "asked to reload", true)),
      button("Identify", () => this.#ask("identify", "shows its name")),
      button("Send to…", () => sender.open(name, (body, token) => this.#ask("show", "sent", true, { body, token }))),
    ];
    const cells = [this.state, this.build, this.lag, this.heap, this.size, this.url, this.reported];
    const reload = make("td", { "data-field": "reload" }, ...buttons, this.answer);
    this.element = make("tr", { "data-screen": name }, make("th", { scope: "row" }, name), ...cells, reload);
  }

  /**
   * @param {Screen} screen
   * @param {string} build the server's
   */
  show(screen, build) {
    this.screen = screen;
    const differs = screen.build !== build;
    mark(this.element, "data-state", screen.state);
    mark(this.element, "data-link", screen.link);
    mark(this.element, "data-build-differs", differs ? "" : null);
    mark(this.build, "title", differs ? `not this server's, which is ${build}` : null);
    write(this.state, stateText(screen));
    write(this.build, differs ? `${screen.build} (not this server’s)` : screen.build);
    write(this.lag, screen.lag === null ? NONE : age(screen.lag));
    write(this.heap, text(size(screen.heap)));
    write(this.size, `${screen.width}×${screen.height}`);
    write(this.url, screen.url);
    if (this.askedAt !== null && screen.time > this.askedAt) {
      this.askedAt = null;
      this.#say("");
    }
  }

  /** @param {number} elapsed seconds since the answer that holds the screen */
  tick(elapsed) {
    if (this.screen !== null) write(this.reported, `${age(this.screen.age + elapsed)} ago`);
  }

  /**
   * @param {"reload" | "identify" | "show"} wish
   * @param {string} done
   * @param {boolean} [reports] the display reports anew when it has obeyed
   * @param {{body: object, token: string}} [given]
   */
  async #ask(wish, done, reports = false, given) {
    if (this.asking) return;
    this.asking = true; // not `disabled`, which would lose the focus
    const before = this.screen?.time ?? 0;
    try {
      const answer = await fetch(`${this.address}/${encodeURIComponent(this.name)}/${wish}`, {
        method: "POST",
        signal: AbortSignal.timeout(TIMEOUT),
        ...(given && { body: JSON.stringify(given.body), headers: { "Content-Type": "application/json", ...(given.token && { Authorization: `Bearer ${given.token}` }) } }),
      });
      await check(answer, given !== undefined);
      if (reports) this.askedAt = before;
      this.#say(done);
    } catch (error) {
      this.#say(`not asked: ${reasonOf(error)}`, true);
    }
    this.asking = false;
  }

  /**
   * @param {string} words
   * @param {boolean} [refused]
   */
  #say(words, refused = false) {
    mark(this.answer, "data-refused", refused ? "" : null);
    write(this.answer, words);
  }
}

/**
 * @param {string} field
 * @param {string} label shown where there is no heading above it
 * @param {string} [kind]
 */
function cell(field, label, kind = "") {
  return make("td", { class: kind, "data-field": field, "data-label": label });
}

/** @param {Screen} screen */
function stateText({ state, link, time }) {
  if (state === "silent") return `silent since ${clock(time)}`;
  return link === "live" ? "here" : `here, its stream is ${link}`;
}
