// @ts-check
/** Requests of the list of screens beside a reload: to show another address, and to show the name of the display. */
import { make } from "../ui/dom.js";
import { MEANS, reloadWhenServed } from "./reload.js";

/** Keys that hold for a display, whatever it shows; as in dashboard/web/pages.py. */
const DISPLAY_KEYS = ["theme", "distance", "kiosk", "dim", "blank", "wake", "shift", "screen", "units"];

/** Milliseconds for which a name is shown. */
const SHOWN = 10_000;

/**
 * @param {string} url path and query that are asked for
 * @param {string} here address of this page
 * @returns {string | null} address with what holds for this display; null for one of another server
 */
export function addressFor(url, here) {
  const [wanted, current] = [new URL(url, here), new URL(here)];
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
 */
export function show(url) {
  const address = typeof url === "string" ? addressFor(url, location.href) : null;
  if (address) reloadWhenServed({ within: 0 }, { ...MEANS, reload: () => location.assign(address) });
}

/** @param {string} name shown in large for a while */
export function identify(name) {
  const sign = make("p", { class: "identify", role: "status" }, name);
  document.body.append(sign);
  setTimeout(() => sign.remove(), SHOWN);
}
