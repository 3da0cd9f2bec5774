// @ts-check
/**
 * Loading the page anew without anybody there to help.
 *
 * A browser that finds no server shows a page of its own, and stays there. So the server is asked for
 * the page first, again and again, and only when it has answered is the page left.
 */

/**
 * @typedef {object} Wish
 * @property {number} within milliseconds in which to begin, at random: a wall of displays comes one by one
 * @property {(build: string) => boolean} [fits] whether the page as it is served now, of this build, will do
 * @property {() => void} [leave] called right before
 */
/** @typedef {() => void} Cancel */
/**
 * @typedef {object} Means
 * @property {() => Promise<string | null>} served the build of the page as it is served now; null: it is not
 * @property {() => void} reload
 * @property {(act: () => void, milliseconds: number) => Cancel} later
 * @property {() => number} random
 */

/** Milliseconds before the server is asked again, the most: half of it at least. */
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
 * @param {Wish} wish
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

/** @returns {Promise<string | null>} null also for another page, such as that to sign in */
async function servedBuild() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    const [tag] = answer.ok ? (/<html\b[^>]*>/.exec(await answer.text()) ?? [""]) : [""];
    return /\sdata-stream=/.test(tag) ? (/\sdata-build="([^"]*)"/.exec(tag)?.[1] ?? null) : null;
  } catch {
    return null;
  }
}
