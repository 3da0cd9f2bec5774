// @ts-check
/**
 * Reads the names of panels that show figures: `queue.length`, several with `~`, `queue` for all figures of an event,
 * and `cpu.percent@web-*` for those of machines.
 */

/**
 * @typedef {object} Part
 * @property {string} event
 * @property {string | null} field null: all of the event
 * @property {string | null} hosts machines, `*` stands for any letters; null: the machine that the page shows
 */

/** Most figures that are named in one panel. */
const MOST_PARTS = 100;

const EVENT = /^[a-z][a-z0-9_.-]{0,63}$/;
/** Names of machines, and of several: letters and digits of any script. */
export const HOST = /^[\p{L}\p{N}]([\p{L}\p{M}\p{N}._-]{0,251}[\p{L}\p{M}\p{N}])?$/u;
export const HOSTS = /^[\p{L}\p{N}*]([\p{L}\p{M}\p{N}._*-]{0,251}[\p{L}\p{M}\p{N}*])?$/u;

/** A field: printable; the signs that separate names in an address stand in it as percent codes. */
const FIELD = /^[^\p{C},~@:]{1,200}$/u;

/** Percent codes in a field: `user%401000` is "user@1000". Any other percent sign is itself. As in dashboard/events/projection.py. */
const CODES = /%(25|2C|3A|40|7E)/gi;

/**
 * @param {string} name
 * @param {readonly string[]} events names of events that are known
 * @returns {Part[] | null} null if it is no name of figures
 */
export function readParts(name, events) {
  const texts = name.split("~");
  if (texts.length > MOST_PARTS) return null;
  /** @type {Part[]} */
  const parts = [];
  for (const text of texts) {
    const at = text.indexOf("@");
    const hosts = at < 0 ? null : text.slice(at + 1).normalize();
    if (hosts !== null && !HOSTS.test(hosts)) return null;
    const figure = at < 0 ? text : text.slice(0, at);
    // "@web-2" is the figure before it, of another machine.
    const read = figure || !parts.length ? readFigure(figure, events) : parts[parts.length - 1];
    if (!read) return null;
    parts.push({ event: read.event, field: read.field, hosts });
  }
  return parts;
}

/**
 * @param {string} name EVENT.FIELD, or the name of a known event
 * @param {readonly string[]} events that are known; their names may have dots
 * @returns {{event: string, field: string | null} | null}
 */
export function readFigure(name, events) {
  if (events.includes(name)) return { event: name, field: null };
  const known = events.filter((event) => name.startsWith(`${event}.`)).sort((a, b) => b.length - a.length);
  const event = known[0] ?? name.slice(0, Math.max(0, name.indexOf(".")));
  const field = name.slice(event.length + 1);
  return EVENT.test(event) && FIELD.test(field) ? { event, field: field.replaceAll(CODES, decodeURIComponent) } : null;
}

/**
 * @param {string} name EVENT.FIELD
 * @returns {string} the same in an address
 */
export function writeFigure(name) {
  return name.replaceAll(/[%,:@~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
