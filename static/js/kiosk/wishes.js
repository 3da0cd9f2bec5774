// @ts-check
/** Requests of the list of screens beside a reload: to show another address, and to show the name of the display. */
import { make } from "../ui/dom.js";
import { MEANS, reloadWhenServed } from "./reload.js";

/** Keys that hold for a display, whatever it shows; as in dashboard/web/pages.py. */
const DISPLAY_KEYS = ["theme", "distance", "kiosk", "dim", "blank", "wake", "shift", "screen", "units"];

/** Milliseconds for which a name is shown. */
const SHOWN = 10_000;

/**
 * @param {string} url path and query that are asked for, with or without the path below which the service is
 * @param {string} here address of this page
 * @param {string} [below] that path; empty where the service has a host of its own
 * @returns {string | null} address with what holds for this display; null for one of another server
 */
export function addressFor(url, here, below = "") {
  const isWhole = !url.startsWith("/") || url.startsWith(`${below}/`);
  const [wanted, current] = [new URL(isWhole ? url : below + url, here), new URL(here)];
  if (wanted.origin !== current.origin) return null;
  for (const key of DISPLAY_KEYS) {
    const value = current.searchParams.get(key);
    if (value !== null && !wanted.searchParams.has(key)) wanted.searchParams.set(key, value);
  }
  return wanted.href.replaceAll(/%(2C|3A|40|2F)/g, decodeURIComponent);
}

/**
 * Goes to another address once the server answers.
 * @param {unknown} url
 * @param {string} screensUrl path of the list of screens, which tells below which path the service is
 */
export function show(url, screensUrl) {
  const below = screensUrl.slice(0, screensUrl.lastIndexOf("/"));
  const address = typeof url === "string" ? addressFor(url, location.href, below) : null;
  if (address) reloadWhenServed({ within: 0 }, { ...MEANS, reload: () => location.assign(address) });
}

/** @param {string} name shown in large for a while */
export function identify(name) {
  const sign = make("p", { class: "identify", role: "status" }, name);
  document.body.append(sign);
  setTimeout(() => sign.remove(), SHOWN);
}
