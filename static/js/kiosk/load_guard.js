// @ts-check
/**
 * Reloads a page of which a script or style sheet could not be loaded, say because the server was stopped just
 * then. A classic script, as the modules of such a page do not run. Pauses between tries grow.
 */
{
  /** Milliseconds. */
  const FIRST = 1000;
  const LONGEST = 300_000;
  const TIMEOUT = 15_000;
  const WELL = 60_000;
  const KEY = "vitals failed loads";

  const failures = () => {
    try {
      return Number(sessionStorage.getItem(KEY));
    } catch {
      return 6; // a minute each time
    }
  };

  /** @param {number} count */
  const remember = (count) => {
    try {
      sessionStorage.setItem(KEY, String(count));
    } catch {
      // A browser may refuse; then pauses do not grow.
    }
  };

  // In a sandboxed frame this page has an origin of its own, to which no server gives its modules.
  const sandboxed = self.origin === "null";
  const explain = () => {
    const reason = document.createElement("p");
    reason.className = "sheet";
    reason.textContent = 'This frame is sandboxed without allow-same-origin, so its scripts are not loaded. It needs sandbox="allow-scripts allow-same-origin".';
    document.body.append(reason);
  };
  if (sandboxed) addEventListener("DOMContentLoaded", explain);

  let failed = false;
  const retry = () => {
    const count = failures();
    remember(count + 1);
    const pause = Math.min(LONGEST, FIRST * 2 ** count) * (0.5 + Math.random() / 2);
    setTimeout(async () => {
      // Not AbortSignal.timeout: the module that gives it to older browsers may be what is missing.
      const patience = new AbortController();
      setTimeout(() => patience.abort(), TIMEOUT);
      const answer = await fetch(location.href, { cache: "no-store", signal: patience.signal }).catch(() => null);
      if (answer?.ok) location.reload();
      else retry();
    }, pause);
  };

  const fail = () => {
    if (!failed && !sandboxed) retry();
    failed = true;
  };

  // A script that this browser can't run: without it the page would say "connecting" for ever.
  /** @param {string} message */
  const say = (message) => {
    const words = document.querySelector("[data-link-words]");
    if (message && words && words.textContent === "connecting") words.textContent = `this page's script failed: ${message}`;
  };
  addEventListener("error", ({ message }) => say(message));
  addEventListener("unhandledrejection", ({ reason }) => say(String(reason)));
  addEventListener(
    "error",
    ({ target }) => {
      const needed = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
      // Elements with an error handler are handled by the script that made them.
      if (needed && !target.onerror) fail();
    },
    true,
  );
  // Dispatched by modules for parts that are loaded later.
  addEventListener("missing", fail);
  setTimeout(() => failed || remember(0), WELL);
}
