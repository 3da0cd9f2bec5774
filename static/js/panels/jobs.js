// @ts-check
/** Folds steps of jobs into jobs, with their rate and remaining time. */

/** @import { Item } from "../state/event_lists.js" */
/** @typedef {"running" | "completed" | "failed"} JobState */
/**
 * @typedef {object} Job
 * @property {string} name
 * @property {string} host
 * @property {JobState} state
 * @property {number} time of its newest step, seconds since 1970
 * @property {number} began time of the first known step of its last run
 * @property {number | null} done
 * @property {number | null} total
 * @property {number | null} share done, 0 to 1
 * @property {number | null} rate per second
 * @property {number | null} left seconds at this rate
 * @property {string} message
 */

/**
 * @param {readonly Item[]} items steps, oldest first
 * @returns {Job[]} running ones first, then the newest
 */
export function jobsOf(items) {
  /** @type {Map<string, {first: any, last: any}>} */
  const runs = new Map();
  for (const { data } of items) {
    const key = `${data.job}@${data.host}`;
    const run = runs.get(key);
    if (run && run.last.state === "running") run.last = data;
    else runs.set(key, { first: data, last: data });
  }
  const jobs = [...runs.values()].map(({ first, last }) => job(first, last));
  return jobs.sort((a, b) => Number(b.state === "running") - Number(a.state === "running") || b.time - a.time);
}

/**
 * @param {any} first step of a run
 * @param {any} last
 * @returns {Job}
 */
function job(first, last) {
  const done = numberOf(last.done);
  const total = numberOf(last.total);
  const taken = last.time - first.time;
  const gained = done === null ? null : done - (numberOf(first.done) ?? 0);
  const rate = gained !== null && gained > 0 && taken > 0 ? gained / taken : null;
  const share = last.state === "completed" ? 1 : done !== null && total ? Math.min(1, Math.max(0, done / total)) : null;
  return {
    name: String(last.job),
    host: String(last.host),
    state: last.state,
    time: last.time,
    began: first.time,
    done,
    total,
    share,
    rate,
    left: last.state === "running" && rate && total !== null && done !== null ? Math.max(0, total - done) / rate : null,
    message: typeof last.message === "string" ? last.message : "",
  };
}

/** @param {unknown} value */
function numberOf(value) {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
