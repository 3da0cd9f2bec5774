// @ts-check
/** Requests of the lists of screens, links and machines: how long they may take, and what failed, in words. */

/** Milliseconds. */
export const TIMEOUT = 8_000;

/**
 * Throws an Error with a readable message unless an answer is OK.
 * @param {Response} answer
 * @param {boolean} [byToken] it was asked for with a token, and not with the rights of this page
 */
export async function check(answer, byToken = false) {
  if (answer.status === 401 && !byToken) throw new Error("signed out; load this page again");
  if (answer.ok) return;
  const problem = await answer.json().catch(() => null);
  throw new Error(String(problem?.detail ?? `the server answered ${answer.status}`));
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function reasonOf(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") return "the server does not answer";
  if (error instanceof TypeError) return "the server cannot be reached";
  return error instanceof Error ? error.message : String(error);
}
