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
import { MEANS, reloadWhenServed } from "./reload.js";
import { ReloadRequest } from "./reload_request.js";

/** @import { Display } from "../config/page_url.js" */
/** @import { Settings } from "../config/server_config.js" */
/** @import { Notes } from "../ui/notes.js" */
/**
 * @typedef {object} Page content of the display: the wall's PanelGrid, the overview or the comparison
 * @property {{offset: number, heardAt: number, now: () => number}} clock
 * @property {import("../ui/appearance.js").Theme} theme
 * @property {{held: Span | null, zoomed: boolean}} timeWindow
 * @property {string} host
 * @property {{newest: (host: string) => number | null}} store
 * @property {{connected: boolean, trouble: string, refused?: number}} stream
 * @property {{settings: Settings, interactive: boolean}} options
 * @property {(span: Span) => void} [pause]
 * @property {(from: number, to: number) => void} [zoom]
 */
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
    this.signals = screen && settings.screensUrl ? ["reload", "show", "identify"].map((wish) => `screen.${screen}.${wish}`).filter(covering(settings.may)) : [];
    // The link has expired, or a token is needed now: the server redirects to its sign-in page.
    this.probe = new AccessProbe(settings.historyUrl, () => location.reload());
    /** @type {Page | null} */
    this.page = null;
    this.greeted = false;
    this.clocks = new Clocks((topic, text) => notes.say(topic, text));
    /** @type {(name: string, obey: (data: Record<string, unknown>) => void) => ReloadRequest} */
    const request = (name, obey) =>
      new ReloadRequest(recall(`${name}-request`), (time, data) => {
        keep(`${name}-request`, time);
        obey(data);
      });
    this.requests = {
      reload: request("reload", () => this.#reload({ within: RELOAD_WITHIN })),
      show: request("show", ({ url }) => bring(import("./wishes.js"), ({ show }) => show(url, settings.screensUrl ?? "/"))),
      identify: request("identify", () => bring(import("./wishes.js"), ({ identify }) => identify(screen ?? ""))),
    };
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
    const { renewUrl } = settings;
    if (renewUrl) bring(import("./cookie_renewal.js"), ({ startCookieRenewal }) => startCookieRenewal(renewUrl));
    setInterval(() => this.#tick(), TICK);
  }

  /** @param {{build?: string}} hello */
  hello({ build }) {
    if (!this.greeted) this.#goOn();
    this.greeted = true;
    if (this.page) for (const request of Object.values(this.requests)) request.know(this.page.clock.offset);
    if (build) this.buildUpdate.hear(build);
    this.#tick();
  }

  /**
   * @param {string} name of a signal
   * @param {Record<string, unknown>} data
   */
  signal(name, data) {
    const wish = /** @type {keyof typeof this.requests} */ (name.split(".").pop());
    this.requests[wish]?.hear(Number(data.time), data);
  }

  /** @param {ConstructorParameters<typeof import("./turns.js").Turns>[0] extends infer Options ? Omit<Options, "each"> : never} pages */
  takeTurns(pages) {
    bring(import("./turns.js"), ({ Turns }) => {
      const turns = new Turns({ ...pages, each: this.display.each });
      setInterval(() => turns.tick(performance.now() / 1000), TICK);
      addEventListener("keydown", ({ key, target }) => {
        if (target instanceof Element && target.closest("input, textarea, select, button, dialog")) return;
        if (key === "ArrowRight" || key === "ArrowLeft") turns.step(key === "ArrowRight" ? 1 : -1, performance.now() / 1000);
        else if (key === " " || key === "p") this.notes.say("turns", (turns.stopped = !turns.stopped) ? "this page stays: space goes on" : "");
      });
    });
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
