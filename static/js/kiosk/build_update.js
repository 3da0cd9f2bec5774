// @ts-check
/**
 * When the server says that it is of another build, the page is loaded anew: once.
 *
 * It can come back as old as it was: from a cache, or from another server behind the same address
 * that is not renewed yet. Then the page says so. After an hour it looks whether the page that is served
 * is the one it waits for, and only then loads it. That hour lies between two loads for one build whatever
 * happens, so two servers of different builds cannot send it to and fro.
 */
import { minute } from "../ui/format.js";

/** @typedef {import("./reload.js").Cancel} Cancel */
/** @typedef {import("./reload.js").Wish} Wish */
/** @typedef {{build: string, at: number}} Load for which build, and when by the server's clock */

/** Milliseconds in which to begin. */
const WITHIN = 10_000;

/** Seconds between two loads for one build. */
const HOUR = 3600;

/** So many builds are remembered. */
const MOST = 8;

/**
 * @typedef {object} Around
 * @property {string} build of this page
 * @property {(text: string) => void} say
 * @property {() => number} now seconds since 1970 by the server's clock
 * @property {(wish: Wish) => Cancel} reload
 * @property {(act: () => void, milliseconds: number) => Cancel} later
 * @property {() => Load[]} recall
 * @property {(loads: Load[]) => boolean} keep whether they will be remembered after a reload
 */

export class BuildUpdate {
  /** @param {Around} around */
  constructor(around) {
    this.around = around;
    /** The build that is waited for. @type {string | null} */
    this.awaited = null;
    /** @type {Cancel} */
    this.cancel = () => {};
  }

  /** @param {string} build of the server */
  hear(build) {
    if (build === this.awaited) return;
    this.cancel();
    this.awaited = null;
    if (build === this.around.build) this.around.say("");
    else this.#await(build);
  }

  /** @param {string} build */
  #await(build) {
    const { build: own, now, say, reload, later, recall, keep } = this.around;
    this.awaited = build;
    const loads = recall();
    const before = loads.find((load) => load.build === build);
    const wait = before ? before.at + HOUR - now() : 0;
    // Nothing can be told by a clock that was set back.
    const early = wait > 0 && wait <= HOUR;
    if (before) {
      const next = early ? `; the next try is at ${minute(before.at + HOUR)}` : "";
      say(`this page is of version ${own}, the server of ${build}: it was loaded anew for that at ${minute(before.at)}${next}`);
    }
    if (early) {
      this.cancel = later(() => this.#await(build), wait * 1000);
      return;
    }
    const others = loads.filter((load) => load !== before).slice(1 - MOST);
    if (!keep(loads)) {
      say(`the server is of version ${build}, this page of ${own}: load it anew`);
      return;
    }
    this.cancel = reload({
      within: WITHIN,
      fits: (served) => !before || served === build,
      leave: () => keep([...others, { build, at: now() }]),
    });
  }
}
