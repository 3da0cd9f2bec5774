// @ts-check
/** Catalogues of the servers whose panels and figures a page embeds, loaded once for each. */
import { Catalogue } from "../config/catalogue.js";

/** @type {Map<string, Promise<Catalogue>>} */
const loaded = new Map();

/** Milliseconds for an answer. */
const PATIENCE = 10_000;

/**
 * @param {{address: string, query: string, facts: {build: string}}} server query: "?key=…", or nothing
 * @returns {Promise<Catalogue>} rejected if it cannot be loaded
 */
export function catalogueOf({ address, query, facts }) {
  const url = `${address}/catalogue${query ? `${query}&` : "?"}built-in=1`;
  // Another build may have other rows.
  const key = `${url} ${facts.build}`;
  let found = loaded.get(key);
  if (!found) {
    found = load(url);
    loaded.set(key, found);
    found.catch(() => loaded.delete(key));
  }
  return found;
}

/** @param {string} url */
async function load(url) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return new Catalogue(await answer.json());
}
