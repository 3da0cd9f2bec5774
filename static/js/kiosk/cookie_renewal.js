// @ts-check
/**
 * A cookie lasts for some months from the last time that a page was loaded, and a display may show one
 * page for longer. So now and then it asks for the cookie anew.
 */

/** Milliseconds between two times, and by which share of it they may come sooner or later. */
const EVERY = 12 * 3600_000;
const JITTER = 0.1;

/** Milliseconds before another try where there was no answer. */
const AGAIN = 600_000;
const TIMEOUT = 15_000;

/** @param {string | null} url null: the page came without a cookie */
export function startCookieRenewal(url) {
  if (!url) return;
  /** @param {number} pause */
  const later = (pause) => setTimeout(renew, pause * (1 - JITTER + 2 * JITTER * Math.random()));
  const renew = async () => {
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    later(answer?.ok ? EVERY : AGAIN);
  };
  later(EVERY);
}
