// @ts-check
/** Moments at which a page's connection should be tried at once, given up, or opened anew. */

/**
 * @param {object} on
 * @param {() => void} on.retry the network is back, a display woke up, or a tab is looked at again
 * @param {() => void} on.leave the page is left; it may come back out of the back button's cache
 * @param {() => void} on.back it did
 * @param {AbortSignal} [signal] ends the listening
 */
export function watchLifecycle({ retry, leave, back }, signal) {
  addEventListener("online", retry, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || retry(), { signal });
  document.addEventListener("resume", retry, { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && back(), { signal });
}
