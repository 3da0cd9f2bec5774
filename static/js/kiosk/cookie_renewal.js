// @ts-check
/**
 * Renews the cookie of a display. It expires some months after the last load of a page, and a display may show
 * one page for longer.
 */

/** Milliseconds between two renewals, and the random share that they come earlier or later. */
const EVERY = 12 * 3600_000;
const JITTER = 0.1;

/** Milliseconds before another try without an answer. */
const AGAIN = 600_000;
const TIMEOUT = 15_000;

/** @param {string | null} url null: the page has no cookie */
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
