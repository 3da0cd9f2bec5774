// @ts-check
/** List of rights that were given away, of links or machines: asks its own address, and says what failed. */
import { check, reasonOf, TIMEOUT } from "./list_requests.js";
import { find, make, write } from "../ui/dom.js";
import { KeyedList } from "../ui/keyed_list.js";

const root = document.documentElement;
const address = root.dataset.address ?? "";

/**
 * @param {string} label shown where there is no heading above it
 * @param {string} [text]
 */
export function cell(label, text = "") {
  return make("td", { "data-label": label }, text);
}

/**
 * @param {string} path below the list's own address
 * @param {RequestInit} [init]
 * @param {boolean} [byToken] it has a token of its own, and does not go by the rights of this page
 */
export async function ask(path = "", init = {}, byToken = false) {
  const answer = await fetch(`${address}${path}`, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT), ...init });
  await check(answer, byToken);
  return answer;
}

/** Shows what was made, which is told only once. @param {...(Node | string)} parts */
export function showMade(...parts) {
  const made = find(root, "[data-made]");
  made.replaceChildren(...parts);
  made.hidden = false;
}

/**
 * @template Item, Row
 * @param {object} options
 * @param {string} options.name of the list in the answer
 * @param {(item: Item) => string} options.key
 * @param {(item: Item) => Row & {element: HTMLElement}} options.make
 * @param {(row: Row, item: Item, now: number) => void} options.fill now: seconds since 1970, by the server
 * @returns {(act?: () => Promise<void>) => Promise<void>} does something, or just looks, and shows the list as it is then, or what failed
 */
export function rightsList({ name, key, make, fill }) {
  const [body, none, trouble] = ["[data-rows]", "[data-none]", "[data-trouble]"].map((part) => find(root, part));
  const list = new KeyedList(body, { key, make, fill });
  return async (act) => {
    if (act) write(trouble, "");
    try {
      await act?.();
      const told = await (await ask()).json();
      list.show(told[name], told.time);
      none.hidden = told[name].length > 0;
    } catch (error) {
      write(trouble, reasonOf(error));
    }
  };
}
