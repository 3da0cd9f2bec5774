// @ts-check
/** What the server told the page, in data- attributes of <html>. Read once, and only here. */

/**
 * @typedef {object} Settings
 * @property {string} host the host whose figures are shown
 * @property {number} interval seconds between samples of the fast families
 * @property {string} streamUrl
 * @property {string} historyUrl
 * @property {number} window seconds that the charts show
 */

/** Five minutes: long enough to see what led here, short enough to see a spike of one second. */
const WINDOW = 300;

/**
 * @param {HTMLElement} root
 * @returns {Settings}
 */
export function readSettings(root) {
  const given = root.dataset;
  const interval = Number(given.interval);
  return {
    host: given.host ?? "",
    interval: interval > 0 ? interval : 1,
    streamUrl: given.stream ?? "/stream",
    historyUrl: given.history ?? "/history",
    window: WINDOW,
  };
}
