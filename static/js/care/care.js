// @ts-check
/** What a display on a wall needs by itself, for months. Composition only. */
import { Clocks } from "./clocks.js";
import { keep, recall, take } from "./memory.js";
import { Night } from "./night.js";
import { MEANS, reloadWhenServed } from "./reload.js";
import { Renewal } from "./renewal.js";
import { Report } from "./report.js";
import { Shift } from "./shift.js";
import { Summons } from "./summons.js";
import { Wake } from "./wake.js";

/** @typedef {import("../address.js").Display} Display */
/** @typedef {import("../board.js").Board} Board */
/** @typedef {import("../notes.js").Notes} Notes */
/** @typedef {import("../settings.js").Settings} Settings */
/** @typedef {import("../store.js").Data} Data */
/** @typedef {import("../store.js").Hello} Hello */

/** Milliseconds. */
const TICK = 1000;
const RELOAD_WITHIN = 2000;

export class Care {
  /**
   * @param {object} options
   * @param {HTMLElement} options.root
   * @param {Settings} options.settings
   * @param {Display} options.display
   * @param {Notes} options.notes
   */
  constructor({ root, settings, display, notes }) {
    this.root = root;
    this.settings = settings;
    this.display = display;
    this.notes = notes;
    const { screen } = display;
    /** Events for a board to listen for. @type {string[]} */
    this.signals = screen && settings.screensUrl ? [`screen.${screen}.reload`] : [];
    /** @type {Board | null} */
    this.board = null;
    this.greeted = false;
    this.clocks = new Clocks((topic, text) => notes.say(topic, text));
    this.summons = new Summons(recall("summons"), (time) => {
      keep("summons", time);
      this.#reload({ within: RELOAD_WITHIN });
    });
    this.renewal = new Renewal({
      build: settings.build,
      say: (text) => notes.say("build", text),
      now: () => this.#now(),
      reload: (wish) => this.#reload(wish),
      later: MEANS.later,
      recall: () => recall("loads") ?? [],
      keep: (loads) => keep("loads", loads),
    });
    this.night = new Night(root, display, () => this.#now());
  }

  /** @param {Board} board that is shown */
  start(board) {
    const { display, settings, notes } = this;
    this.board = board;
    if (display.wake) new Wake((text) => notes.say("wake", text)).start();
    if (display.shift) new Shift(document.body, () => board.look.unit).start();
    if (display.screen && settings.screensUrl) new Report(settings.screensUrl, display.screen, board).start();
    else if (display.screen) notes.say("screen", "this server keeps no list of screens: its setting SCREENS is off");
    this.night.start();
    setInterval(() => this.#tick(), TICK);
  }

  /** @param {Hello} hello */
  hello({ build }) {
    if (!this.greeted) this.#goOn();
    this.greeted = true;
    if (this.board) this.summons.know(this.board.clock.offset);
    if (build) this.renewal.hear(build);
    this.#tick();
  }

  /** @param {Data} data of a signal */
  signal(data) {
    this.summons.hear(Number(data.time));
  }

  #tick() {
    if (!this.board) return;
    const { offset, told } = this.board.clock;
    this.clocks.judge({ monotonic: performance.now() / 1000, own: Date.now() / 1000, offset, told });
    this.night.tick();
  }

  #now() {
    return this.board ? this.board.clock.now() : NaN;
  }

  /** @param {import("./reload.js").Wish} wish */
  #reload({ leave, ...wish }) {
    return reloadWhenServed({
      ...wish,
      leave: () => {
        const { held, zoomed } = /** @type {Board} */ (this.board).timeline;
        if (held) keep("held", { ...held, zoomed });
        leave?.();
      },
    });
  }

  /** Where the page stood still before it was loaded anew it stands still again. History has come. */
  #goOn() {
    const { board } = this;
    const held = take("held");
    if (!held || !board || !board.options.hand) return;
    if (held.zoomed) board.zoom(held.from, held.to);
    else board.pause(held);
  }
}
