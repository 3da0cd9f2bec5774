// @ts-check
/**
 * Desk tools of the wall: buttons in the header, keyboard shortcuts, and dialogs, each loaded when it is first
 * opened. A kiosk loads none of them. Composition only.
 */
import { writeAddress } from "../config/page_url.js";
import { clock, day, moment } from "../ui/format.js";
import { find } from "../ui/dom.js";
import { listenToCharts, listenToKeys } from "./shortcuts.js";
import { Dialogs, loadStyle } from "./style.js";
import { addCorners, Tools } from "./tools.js";

/** @import { Wall } from "./dialog.js" */
/** @import { Actions } from "./shortcuts.js" */

export class Desk {
  /** @param {Wall} wall */
  constructor(wall) {
    const { root, grid } = wall;
    const links = wall.settings.linksUrl;
    this.wall = wall;
    this.dialogs = new Dialogs(wall.notes);
    /** @type {Actions} */
    this.actions = {
      pause: () => grid.toggle(),
      back: () => grid.timeWindow.live || grid.follow(),
      window: (seconds) => this.#setWindow(seconds),
      step: (way) => grid.step(way),
      calendar: () => this.#open("calendar", () => import("./calendar.js")),
      theme: () => this.#setTheme(root.dataset.theme === "light" ? "dark" : "light"),
      full: () => this.#toggleFull(),
      download: () => this.#open("download", () => import("./downloading.js")),
      edit: () => this.#open("editor", () => import("./editor.js")),
      all: () => this.#leave(({ toggleAll }) => toggleAll(wall)),
      explain: () => this.#open("explanation", () => import("./meanings.js")),
      help: () => this.#open("help", () => import("./help.js")),
      share: links === null ? null : () => this.#leave(({ share }) => share(links)),
    };
    this.tools = new Tools(this.actions);
    /** @type {Promise<import("./attendance.js").Attendance> | null} */
    this.attendance = null;
    /** True while the charts show the moment with which the page was opened: nobody forgot it. */
    this.asked = wall.display.at !== null;
    grid.options.listener.held = () => {
      this.#keepHeld();
      this.#show();
    };
    listenToKeys(this.actions);
    /** @type {Promise<void> | null} */
    let ready = null;
    // Nobody prints without having touched something.
    const prepare = () => (ready ??= import("./print.js").then(({ printWell }) => printWell(wall)).catch(console.warn));
    for (const touch of ["pointermove", "keydown"]) addEventListener(touch, prepare, { once: true });
    this.#show();
  }

  /** Shows the tools once their style sheet is loaded. */
  async start() {
    await loadStyle("desk");
    const { root, toolsInto, grid } = this.wall;
    toolsInto.replaceChildren(...this.tools.elements);
    const open = (/** @type {number} */ index) => this.#open(`table of ${index}`, () => import("./chart_table.js"), index);
    listenToCharts(grid.options.panelsInto, async (event) => {
      const { pressInChart } = await import("./chart_keys.js");
      pressInChart(grid, event, find(root, "[data-announcer]"), open);
    });
    addCorners(grid, (place) => this.#open(`embedding of ${place.name}`, () => import("./embedding.js"), place));
  }

  /** @param {number} seconds */
  #setWindow(seconds) {
    this.wall.grid.setWindow(seconds);
    this.#keepAddress();
    this.#show();
  }

  /** @param {"dark" | "light"} theme */
  #setTheme(theme) {
    const { root, display, grid } = this.wall;
    display.theme = theme;
    root.dataset.theme = theme;
    grid.restyle();
    this.#keepAddress();
    this.#show();
  }

  /** @param {(ways: typeof import("./leaving.js")) => void} go */
  #leave(go) {
    import("./leaving.js").then(go).catch(console.warn);
  }

  async #toggleFull() {
    const { root, notes } = this.wall;
    try {
      await (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
      notes.say("full", "");
    } catch {
      notes.say("full", "this browser does not allow full screen here");
    }
  }

  /** Keeps a zoom in the address, so that it is a link. */
  #keepHeld() {
    const { display, grid } = this.wall;
    const { held, zoomed } = grid.timeWindow;
    // An address names whole seconds.
    const at = zoomed && held ? Math.ceil(held.to) : null;
    const length = at === null || !held ? 0 : at - Math.floor(held.from);
    const zoom = at !== null && length !== display.window ? length : null;
    if (at === display.at && zoom === display.zoom) return;
    Object.assign(display, { at, zoom });
    this.asked = false;
    this.#keepAddress();
  }

  #keepAddress() {
    const query = writeAddress(this.wall.display);
    history.replaceState(history.state, "", query ? `?${query}` : location.pathname);
  }

  /** @param {boolean} wanted let charts go on once the user has left */
  #watch(wanted) {
    if (wanted) this.attendance ??= import("./attendance.js").then(({ Attendance }) => new Attendance(() => this.wall.grid.follow()));
    this.attendance?.then((attendance) => attendance.watch(wanted)).catch(console.warn);
  }

  /** Shows a note while charts are held, and lets them go once the user has left. */
  #show() {
    const { grid, notes, display, root } = this.wall;
    const { live, held, zoomed } = grid.timeWindow;
    const at = held && held.to - held.from >= 86_400 ? moment : time;
    const span = held && `${at(held.from)} to ${at(held.to)}`;
    if (live) notes.say("held", "");
    else if (zoomed) notes.say("held", `zoomed to ${span}: a double click or Escape goes back`);
    else if (held) notes.say("held", `paused at ${at(held.to)}, figures are still live: space goes on`);
    this.#watch(!live && !this.asked);
    this.tools.show({ live, window: display.window, theme: root.dataset.theme === "light" ? "light" : "dark" });
  }

  /**
   * @template [Detail=undefined]
   * @param {string} name
   * @param {() => Promise<{create: (wall: Wall, detail: Detail) => {open: () => void}}>} load
   * @param {Detail} [detail]
   */
  #open(name, load, detail) {
    this.dialogs.open(name, load, this.wall, detail);
  }
}

/**
 * @param {number} at seconds since 1970
 * @returns {string} time of day, after its day unless that is today
 */
function time(at) {
  return day(at) === day(Date.now() / 1000) ? clock(at) : `${day(at)} ${clock(at)}`;
}
