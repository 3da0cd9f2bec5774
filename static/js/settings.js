// @ts-check
/**
 * What the page was told: by the server in data- attributes of <html>, and by the viewer in the
 * page's own address. Read once; nothing else looks at either.
 */

/**
 * @typedef {object} Settings
 * @property {string} host the host whose figures are shown
 * @property {number} interval seconds between samples of the fast families
 * @property {string} streamUrl
 * @property {string} historyUrl
 * @property {number} window seconds that the charts show
 * @property {"dark" | "light"} theme
 */

/** Five minutes: long enough to see what led here, short enough to see a spike of one second. */
const WINDOW = 300;

/**
 * @param {HTMLElement} root
 * @param {Location} address
 * @returns {Settings}
 */
export function readSettings(root, address) {
  const given = root.dataset;
  const interval = Number(given.interval);
  return {
    host: given.host ?? "",
    interval: interval > 0 ? interval : 1,
    streamUrl: given.stream ?? "/stream",
    historyUrl: given.history ?? "/history",
    window: WINDOW,
    theme: new URLSearchParams(address.search).get("theme") === "light" ? "light" : "dark",
  };
}
