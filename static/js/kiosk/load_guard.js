// @ts-check
/**
 * For a page of which a part did not come, say because the server was stopped while it was loaded:
 * none of its own code runs then, so this small script stands before it. The page is loaded anew as
 * soon as it is served, with growing pauses where that does not help.
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
      // A browser may refuse; then each pause is the same.
    }
  };

  let failed = false;
  const retry = () => {
    const count = failures();
    remember(count + 1);
    const pause = Math.min(LONGEST, FIRST * 2 ** count) * (0.5 + Math.random() / 2);
    setTimeout(async () => {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
      if (answer?.ok) location.reload();
      else retry();
    }, pause);
  };

  const fail = () => {
    if (!failed) retry();
    failed = true;
  };

  addEventListener(
    "error",
    ({ target }) => {
      const needed = target instanceof HTMLScriptElement || (target instanceof HTMLLinkElement && target.rel === "stylesheet");
      // What a script has brought, and minds, is not this one's to mind.
      if (needed && !target.onerror) fail();
    },
    true,
  );
  // The page's own code says so of parts that it wanted later.
  addEventListener("missing", fail);
  setTimeout(() => failed || remember(0), WELL);
}
