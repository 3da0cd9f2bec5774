// @ts-check
/** Ways from a wall to other addresses. */
import { ALL, writeAddress } from "../config/page_url.js";

/**
 * Leads to all panels, and from there back to those from before.
 * @param {import("./dialog.js").Wall} wall
 */
export function toggleAll({ display, registry }) {
  const query = new URLSearchParams(writeAddress(display));
  if (registry.known.panels.every((name) => display.panels?.some((place) => place.name === name))) {
    if (document.referrer.startsWith(location.origin + location.pathname)) {
      history.back();
      return;
    }
    query.delete("panels");
  } else query.set("panels", ALL);
  location.assign(`${location.pathname}?${query}`);
}

/**
 * Leads to the list of links, whose form then has this page's address.
 * @param {string} list
 */
export function share(list) {
  const below = list.slice(0, list.lastIndexOf("/"));
  const path = `${location.pathname}${location.search}`.slice(below.length);
  location.assign(`${list}?${new URLSearchParams({ path })}`);
}
