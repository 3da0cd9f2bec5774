// @ts-check
/**
 * Unattended operation of a display for months. Composition only.
 *
 * Parts that only some addresses need are loaded for those; load_guard.js reloads the page if one cannot be loaded.
 */
import { covering } from "../config/scope.js";
import { AccessProbe } from "../streaming/access_probe.js";
import { keep, recall } from "../ui/storage.js";
import { BuildUpdate } from "./build_update.js";
import { Clocks } from "./clocks.js";
import { startCookieRenewal } from "./cookie_renewal.js";
import { MEANS, reloadWhenServed } from "./reload.js";
import { ReloadRequest } from "./reload_request.js";

/** @typedef {import("../config/page_url.js").Display} Display */
/**
 * @typedef {object} Page content of the display: the wall's PanelGrid, the overview or the comparison
 * @property {{offset: number, heardAt: number, now: () => number}} clock
 * @property {import("../ui/theme.js").Theme} theme
 * @property {{held: Span | null, zoomed: boolean}} timeWindow
 * @property {string} host
 * @property {{newest: (host: string) => number | null}} store
 * @property {{connected: boolean, trouble: string, refused?: number}} stream
 * @property {{settings: Settings, interactive: boolean}} options
 * @property {(span: Span) => void} [pause]
 * @property {(from: number, to: number) => void} [zoom]
 */
/** @typedef {import("../ui/notes.js").Notes} Notes */
/** @typedef {import("../config/server_config.js").Settings} Settings */
/** @typedef {{from: number, to: number}} Span seconds since 1970 */

/** Milliseconds. */
const TICK = 1000;
const RELOAD_WITHIN = 2000;

export class Kiosk {
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
    /** Names of events that the page has to receive. @type {string[]} */
    this.signals = screen && settings.screensUrl ? [`screen.${screen}.reload`].filter(covering(settings.may)) : [];
    // The link has expired, or a token is needed now: the server redirects to its sign-in page.
    this.probe = new AccessProbe(settings.historyUrl, () => location.reload());
    /** @type {Page | null} */
    this.page = null;
    this.greeted = false;
    this.clocks = new Clocks((topic, text) => notes.say(topic, text));
    this.reloadRequest = new ReloadRequest(recall("reload-request"), (time) => {
      keep("reload-request", time);
      this.#reload({ within: RELOAD_WITHIN });
    });
    this.buildUpdate = new BuildUpdate({
      build: settings.build,
      say: (text) => notes.say("build", text),
      now: () => this.#now(),
      reload: (plan) => this.#reload(plan),
      later: MEANS.later,
      recall: () => recall("loads") ?? [],
      keep: (loads) => keep("loads", loads),
    });
    /** @type {import("./night.js").Night | null} */
    this.night = null;
  }

  /** @param {Page} page */
  start(page) {
    const { display, settings, notes } = this;
    this.page = page;
    const { screen } = display;
    const { screensUrl } = settings;
    if (display.dim || display.blank) {
      bring(import("./night.js"), ({ Night }) => {
        this.night = new Night(this.root, display, () => this.#now());
        this.night.start();
      });
    }
    if (display.wake) bring(import("./wake.js"), ({ Wake }) => new Wake((text) => notes.say("wake", text)).start());
    if (display.shift) bring(import("./pixel_shift.js"), ({ PixelShift }) => new PixelShift(document.body, () => page.theme.unit).start());
    if (screen && screensUrl) bring(import("./report.js"), ({ Report }) => new Report(screensUrl, screen, page).start());
    else if (screen) notes.say("screen", "this server takes no report of this screen: its setting SCREENS is off, or the link does not cover it");
    startCookieRenewal(settings.renewUrl);
    setInterval(() => this.#tick(), TICK);
  }

  /** @param {{build?: string}} hello */
  hello({ build }) {
    if (!this.greeted) this.#goOn();
    this.greeted = true;
    if (this.page) this.reloadRequest.know(this.page.clock.offset);
    if (build) this.buildUpdate.hear(build);
    this.#tick();
  }

  /** @param {{time?: number}} data of a signal */
  signal(data) {
    this.reloadRequest.hear(Number(data.time));
  }

  #tick() {
    if (!this.page) return;
    this.probe.check(this.page.stream);
    const { offset, heardAt } = this.page.clock;
    this.clocks.judge({ monotonic: performance.now() / 1000, own: Date.now() / 1000, offset, heardAt });
    this.night?.tick();
  }

  #now() {
    return this.page ? this.page.clock.now() : NaN;
  }

  /** @param {import("./reload.js").ReloadPlan} plan */
  #reload({ leave, ...plan }) {
    return reloadWhenServed({
      ...plan,
      leave: () => {
        const { held, zoomed } = /** @type {Page} */ (this.page).timeWindow;
        if (held) keep("held", { ...held, zoomed });
        leave?.();
      },
    });
  }

  /** Restores a pause or zoom from before a reload, once history is there. */
  #goOn() {
    const { page } = this;
    const held = recall("held");
    keep("held", null);
    if (!held || !page || !page.options.interactive) return;
    if (held.zoomed) page.zoom?.(held.from, held.to);
    else page.pause?.(held);
  }
}

/**
 * @template T
 * @param {Promise<T>} part
 * @param {(part: T) => void} use
 */
function bring(part, use) {
  part.then(use, () => dispatchEvent(new Event("missing")));
}
