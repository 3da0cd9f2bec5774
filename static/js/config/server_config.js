// @ts-check
/** Settings that the server passes to the page in data- attributes of <html>. */

/**
 * @typedef {object} Settings
 * @property {string} build of the server that rendered this page
 * @property {string} [version] of that server, for people
 * @property {string} host shown unless the address names another one
 * @property {string} server machine that serves the page
 * @property {number} interval seconds between samples of the fast families
 * @property {string} streamUrl
 * @property {string} historyUrl
 * @property {string | null} screensUrl for reports of displays; null: not accepted
 * @property {string | null} panel of an embed
 * @property {string[] | null} may event-name patterns that this page may show; null: all
 * @property {string} catalogueUrl
 * @property {string[]} published events that the log has and no machine samples
 * @property {string | null} alertsUrl of GET /alerts; null: the page shows none
 * @property {boolean} publishing true if publishing over HTTP is on
 * @property {Record<string, string>} [pages] addresses of those that take turns, by name
 * @property {string | null} linksUrl list of links; null: not for this reader
 * @property {string | null} renewUrl to renew the cookie; null: the page has none
 */

/**
 * @param {HTMLElement} root
 * @returns {Settings}
 */
export function readSettings(root) {
  const given = root.dataset;
  const interval = Number(given.interval);
  return {
    build: given.build ?? "",
    version: given.version,
    host: given.host ?? "",
    server: given.server ?? given.host ?? "",
    interval: interval > 0 ? interval : 1,
    streamUrl: given.stream ?? "/stream",
    historyUrl: given.history ?? "/history",
    screensUrl: given.screens ?? null,
    panel: given.embed ?? null,
    may: given.events?.split(",") ?? null,
    catalogueUrl: given.catalogue ?? "/catalogue",
    published: given.published?.split(",").filter(Boolean) ?? [],
    alertsUrl: given.alertsUrl ?? null,
    publishing: "publishing" in given,
    pages: JSON.parse(given.pages ?? "{}"),
    linksUrl: given.links ?? null,
    renewUrl: given.renew ?? null,
  };
}
