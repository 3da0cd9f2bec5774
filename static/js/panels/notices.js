// @ts-check
/** Notices, and all other events with a text in them: as lines of a panel, and as marks in charts. */
import { words } from "../config/catalogue.js";
import { OTHERS } from "../state/event_lists.js";

/** @import { EventLists, Item } from "../state/event_lists.js" */

const NOTICE = "notice";

/** Fields of every event, and of notices, that are not told among the rest. */
const HEAD = new Set(["host", "time", "level", "title", "source"]);

/** Most letters of a line. */
const MOST = 300;

/**
 * @param {EventLists} lists
 * @returns {Item[]} notices and others, oldest first
 */
export function noticesOf(lists) {
  const [notices, others] = [lists.items(NOTICE), lists.items(OTHERS)];
  if (!others.length) return [...notices];
  return [...notices, ...others].sort((a, b) => Number(a.data.time) - Number(b.data.time));
}

/**
 * @param {EventLists} lists
 * @param {readonly string[] | null} names of events to mark; null: all
 * @param {number} from
 * @param {number} to
 * @returns {import("../charts/overlays.js").Mark[]} oldest first
 */
export function marksOf(lists, names, from, to) {
  return noticesOf(lists)
    .filter(({ name = NOTICE, data }) => (!names || names.includes(name)) && Number(data.time) >= from && Number(data.time) <= to)
    .map((item) => ({ time: Number(item.data.time), name: markName(item) }));
}

/**
 * @param {Item} item
 * @returns {{source: string, level: string, message: string}} its title, and its fields in their order
 */
export function readNotice({ name, data }) {
  const told = [data.message, data.text].find((text) => typeof text === "string");
  const rest = Object.entries(data).flatMap(([key, value]) => {
    const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    return isPlain && !HEAD.has(key) && value !== told ? [`${key}=${value}`] : [];
  });
  const title = data.title ?? data.source;
  // What a notice says has always been its message, or its version.
  const message = name === undefined && told === undefined && typeof data.version === "string" && rest.length === 1 ? data.version : [told, rest.join(" ")].filter(Boolean).join(" · ");
  return {
    source: typeof title === "string" ? title : name === undefined ? "" : words(name),
    level: typeof data.level === "string" ? data.level : "",
    message: message.slice(0, MOST),
  };
}

/** @param {Item} item */
function markName({ name, data }) {
  const version = typeof data.version === "string" ? ` ${data.version}` : "";
  const title = typeof data.title === "string" && data.title ? data.title : words(name ?? NOTICE);
  return title + version;
}
