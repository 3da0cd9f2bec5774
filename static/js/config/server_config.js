// @ts-check
/** What the server told the page, in data- attributes of <html>. Read once, and only here. */

/**
 * @typedef {object} Settings
 * @property {string} build of the server when it made this page
 * @property {string} host whose figures are shown unless the address says so
 * @property {string} server the machine that serves the page
 * @property {number} interval seconds between samples of the fast families
 * @property {string} streamUrl
 * @property {string} historyUrl
 * @property {string | null} screensUrl where displays report; null where the server does not want to know
 * @property {string | null} panel the one panel of an embed
 * @property {string[] | null} may patterns of the events that this page may show; null: all
 * @property {string | null} renewUrl where the page gets its cookie anew; null where it has none
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
    host: given.host ?? "",
    server: given.server ?? given.host ?? "",
    interval: interval > 0 ? interval : 1,
    streamUrl: given.stream ?? "/stream",
    historyUrl: given.history ?? "/history",
    screensUrl: given.screens ?? null,
    panel: given.embed ?? null,
    may: given.events?.split(",") ?? null,
    renewUrl: given.renew ?? null,
  };
}
