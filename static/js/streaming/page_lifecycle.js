// @ts-check
/** Lifecycle events of a page at which its connection is retried, closed or opened again. */

/**
 * @param {object} on
 * @param {() => void} on.retry the network is back, the display woke up, or the tab became visible
 * @param {() => void} on.leave the page is left, and may be restored from the back/forward cache
 * @param {() => void} on.back the page was restored from the back/forward cache
 * @param {AbortSignal} [signal] removes the listeners
 */
export function watchLifecycle({ retry, leave, back }, signal) {
  addEventListener("online", retry, { signal });
  document.addEventListener("visibilitychange", () => document.hidden || retry(), { signal });
  document.addEventListener("resume", retry, { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", ({ persisted }) => persisted && back(), { signal });
}
