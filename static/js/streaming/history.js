// @ts-check
/** Requests to /history. */

/** @typedef {Record<string, unknown> & {host?: string, time?: number}} Data */
/** @typedef {{id?: string, host: string, event: string, data: Data}} LatestEvent */
/** @typedef {Record<string, (number | null)[]>} Figures by path */
/** @typedef {{span?: number, time: number[], mean: Figures, low?: Figures, high?: Figures}} Spans rows of `span` seconds from `time` on; without a span samples, which are in `mean` */
/**
 * @typedef {object} History
 * @property {string | null} last_event_id
 * @property {number} to the server's clock, seconds since 1970
 * @property {LatestEvent[]} latest
 * @property {Record<string, Record<string, Spans>>} hosts
 * @property {Record<string, {id: string, data: Data}[]>} [lines]
 */
/**
 * @typedef {object} HistoryOptions
 * @property {string} historyUrl
 * @property {string} host name, names or patterns
 * @property {string[]} events names to receive
 * @property {string[]} [columns] figures that have columns, as EVENT.FIELD, or EVENT for all of its figures; default: all
 * @property {number} [lines] newest events without a cadence to load, of each name
 * @property {boolean} [others] events of all other names, too, if they have a text
 */
/** @typedef {{since: number} | {from: number, to: number}} Stretch seconds back from now, or seconds since 1970 */

/** Rows per series to load: as many as a chart has pixels to tell apart; a span counts as two. */
const POINTS = 600;

/** Seconds up to which a sample a second is drawn as it is. */
const FEW = 2 * POINTS;

/** Milliseconds. */
const TIMEOUT = 15_000;

/** Status of a request for more than the scope allows. */
export const FORBIDDEN = 403;

/** Refusal with its status, or 0 without an answer; its message is for the reader of the page. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/**
 * Throws a Refusal unless there is an answer.
 * @param {HistoryOptions} options
 * @param {Stretch} stretch
 * @returns {Promise<History>}
 */
export async function askHistory({ historyUrl, host, events, columns, lines, others }, stretch) {
  const length = "since" in stretch ? stretch.since : stretch.to - stretch.from;
  const query = { ...stretch, points: length > POINTS / 2 && length <= FEW ? FEW : POINTS, events: events.join(), host, form: "spans", ...(columns?.length && { columns: columns.join() }), ...(lines && { lines }), ...(others && { others: 1 }) };
  return ask(historyUrl, query, AbortSignal.timeout(TIMEOUT));
}

/**
 * Throws a Refusal unless there is an answer.
 * @param {string} historyUrl
 * @param {Record<string, unknown>} query
 * @param {AbortSignal} signal
 * @returns {Promise<any>} its JSON
 */
export async function ask(historyUrl, query, signal) {
  const url = new URL(historyUrl, document.baseURI);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  let answer;
  try {
    answer = await fetch(url, { cache: "no-store", signal });
    if (answer.ok) return await answer.json();
  } catch (error) {
    throw new Refusal(reason(error), answer?.status);
  }
  const problem = answer.status === FORBIDDEN ? await answer.json().catch(() => null) : null;
  throw new Refusal(problem?.detail ?? `history answered ${answer.status}`, answer.status);
}

/**
 * @param {unknown} error of fetch, or of its JSON
 * @returns {string}
 */
function reason(error) {
  if (!(error instanceof Error)) return "unknown trouble";
  if (error.name === "TimeoutError") return "no answer";
  if (error instanceof TypeError) return "the server cannot be reached";
  if (error instanceof SyntaxError) return "history is not JSON";
  return error.message;
}
