// @ts-check
/** The beginning of the history of what a page shows. */
import { askHistory } from "../streaming/history.js";

/** @import { HistoryOptions } from "../streaming/history.js" */

/**
 * Throws a Refusal unless there is an answer.
 * @param {HistoryOptions} options
 * @param {number} most seconds to look back
 * @returns {Promise<number | null>} about when the history begins, seconds since 1970; null if there is none
 */
export async function reachOf({ historyUrl, host, events, columns = [] }, most) {
  if (!columns.length) return null;
  const { hosts } = await askHistory({ historyUrl, host, events, columns: columns.slice(0, 1) }, { since: most });
  const [spans] = Object.values(hosts[host] ?? {});
  return spans?.time.length ? Math.floor(spans.time[0]) : null;
}
