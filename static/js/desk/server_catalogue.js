// @ts-check
/** The server's whole catalogue: of each figure what it means and its newest value, which no page has. */

/** @typedef {import("../config/catalogue.js").FigureRow & {event: string, meaning?: string}} ToldFigure */

/** Milliseconds for an answer. */
const PATIENCE = 10_000;

/**
 * @param {string} url of GET /catalogue
 * @returns {Promise<{figures: ToldFigure[], more?: number}>} rejected if it cannot be loaded
 */
export async function loadCatalogue(url) {
  const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return answer.json();
}
