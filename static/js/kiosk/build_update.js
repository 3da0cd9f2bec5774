// @ts-check
/**
 * Reloads the page when the server reports another build, once for each build.
 *
 * The reloaded page can be as old as before: from a cache, or from another server behind the proxy that is not
 * updated yet. The page then says so, and after an hour checks the build that is served before it reloads again. The
 * hour lies between any two reloads for one build, so servers of different builds cannot make it reload in turns.
 */
import { minute } from "../ui/format.js";

/** @import { Cancel, ReloadPlan } from "./reload.js" */
/** @typedef {{build: string, at: number}} Load reload for a build, and its time by the server's clock */

/** Most milliseconds before the reload, random. */
const WITHIN = 10_000;

/** Seconds between two reloads for one build. */
const HOUR = 3600;

/** Most builds that are remembered. */
const MOST = 8;

/**
 * @typedef {object} Around
 * @property {string} build of this page
 * @property {(text: string) => void} say
 * @property {() => number} now seconds since 1970 by the server's clock
 * @property {(plan: ReloadPlan) => Cancel} reload
 * @property {(act: () => void, milliseconds: number) => Cancel} later
 * @property {() => Load[]} recall
 * @property {(loads: Load[]) => boolean} keep false if the browser will not remember them
 */

export class BuildUpdate {
  /** @param {Around} around */
  constructor(around) {
    this.around = around;
    /** Build to reload for. @type {string | null} */
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
    // A longer wait means that the clock was set back.
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
