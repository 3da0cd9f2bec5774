// @ts-check
/**
 * Reloads the page once the server serves it. A browser that finds no server would show its own error page, and
 * stay there; so the page is requested first, again and again.
 */

/**
 * @typedef {object} ReloadPlan
 * @property {number} within most milliseconds before the first try, random: displays reload one by one
 * @property {(build: string) => boolean} [fits] true if the page of this build, as it is served now, will do
 * @property {() => void} [leave] called right before the reload
 */
/** @typedef {() => void} Cancel */
/**
 * @typedef {object} Means
 * @property {() => Promise<string | null>} served build of the page as it is served now; null: it is not
 * @property {() => void} reload
 * @property {(act: () => void, milliseconds: number) => Cancel} later
 * @property {() => number} random
 */

/** Most milliseconds between two tries; at least half of it. */
const PAUSE = 10_000;
const TIMEOUT = 15_000;

/** @type {Means} */
export const MEANS = {
  served: servedBuild,
  reload: () => location.reload(),
  later: (act, milliseconds) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/**
 * @param {ReloadPlan} plan
 * @param {Means} [means]
 * @returns {Cancel}
 */
export function reloadWhenServed({ within, fits = () => true, leave }, { served, reload, later, random } = MEANS) {
  let cancelled = false;
  const attempt = async () => {
    const build = await served();
    if (cancelled) return;
    if (build !== null && fits(build)) {
      leave?.();
      reload();
    } else cancel = later(attempt, PAUSE * (0.5 + random() / 2));
  };
  let cancel = later(attempt, within * random());
  return () => {
    cancelled = true;
    cancel();
  };
}

/** @returns {Promise<string | null>} null also for another page, such as the sign-in */
async function servedBuild() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const [tag] = answer.ok ? (/<html\b[^>]*>/.exec(await answer.text()) ?? [""]) : [""];
    return /\sdata-stream=/.test(tag) ? (/\sdata-build="([^"]*)"/.exec(tag)?.[1] ?? null) : null;
  } catch {
    return null;
  }
}
