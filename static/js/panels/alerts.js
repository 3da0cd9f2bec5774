// @ts-check
/** Which alerts are open, as the events that raise and clear them tell. */

/** @typedef {import("../state/event_lists.js").Item} Item */
/**
 * @typedef {object} Alert
 * @property {string} key of this very alert: another one of the same rule is another one
 * @property {string} name
 * @property {string} host
 * @property {"info" | "warning" | "critical"} level
 * @property {string} message
 * @property {number} since seconds since 1970
 * @property {string} event the family that it is about, or empty
 */

const ORDER = ["critical", "warning", "info"];

/**
 * @param {readonly Item[]} items alert events, oldest first
 * @returns {Alert[]} those that are open, the gravest first, then the oldest
 */
export function openAlerts(items) {
  /** @type {Map<string, Alert>} */
  const open = new Map();
  for (const { data } of items) {
    const name = `${data.alert}@${data.host}`;
    if (data.state === "cleared") open.delete(name);
    else {
      const since = Number(data.since ?? data.time);
      open.set(name, {
        key: `${name} ${since}`,
        name: String(data.alert),
        host: String(data.host),
        level: ORDER.includes(String(data.level)) ? /** @type {Alert["level"]} */ (data.level) : "warning",
        message: String(data.message ?? data.alert),
        since,
        event: String(data.event ?? ""),
      });
    }
  }
  return [...open.values()].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level) || a.since - b.since);
}
