// @ts-check
/**
 * State of the link between page and server:
 *
 * - live: the newest sample is fresh, by the server's clock;
 * - stale: it is not, though the server is (or was a moment ago) connected;
 * - lost: it is not, and there has been no connection for just as long, or never one.
 *
 * A connection that breaks and heals within that time does not change the state.
 */
import { age as ageText, wholeAge } from "./format.js";

/** @typedef {"live" | "stale" | "lost"} LinkState */
/**
 * @typedef {object} LinkFacts
 * @property {number | null} age of the newest sample of the fast families, seconds
 * @property {number} patience age up to which a sample is fresh, seconds
 * @property {boolean} connected
 * @property {number} apart seconds without a connection, 0 while connected
 * @property {boolean} everConnected
 * @property {string} trouble short reason why there is no connection, or empty
 */

/**
 * @param {Pick<LinkFacts, "connected" | "apart" | "everConnected" | "trouble">} stream
 * @param {number | null} age of the newest sample, seconds
 * @param {number} patience seconds
 * @returns {LinkFacts}
 */
export function linkFacts({ connected, apart, everConnected, trouble }, age, patience) {
  return { age, patience, connected, apart, everConnected, trouble };
}

/**
 * @param {LinkFacts} facts
 * @returns {LinkState}
 */
export function linkState({ age, patience, connected, apart, everConnected }) {
  if (age !== null && age <= patience) return "live";
  if (connected) return "stale";
  return apart > patience || !everConnected ? "lost" : "stale";
}

/**
 * @param {LinkState} state
 * @param {LinkFacts} facts
 * @returns {string} text after the name of the state
 */
export function linkStatusText(state, { age, apart, everConnected, trouble }) {
  if (state === "live") return wholeAge(age ?? 0);
  if (state === "stale") return age === null ? "no sample yet" : `last sample ${ageText(age)} ago`;
  const reason = trouble ? ` (${trouble})` : "";
  if (!everConnected) return apart < 2 && !trouble ? "connecting" : `no connection yet${reason}, trying again`;
  return `no connection for ${ageText(apart)}${reason}, trying again`;
}
