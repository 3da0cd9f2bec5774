// @ts-check
/** The overview's keys and dialogs; each dialog is loaded when it is first opened. */
import { make } from "../ui/dom.js";
import { Dialogs } from "./style.js";
import { listenToKeys, OVERVIEW_KEYS } from "./shortcuts.js";

/**
 * @param {import("./overview_editor.js").Edited & {settings: import("../config/server_config.js").Settings, notes: import("../ui/notes.js").Notes, theme: () => void, full: () => void}} page theme and full: what its keys do
 * @returns {HTMLElement[]} buttons
 */
export function overviewTools(page) {
  const { settings, notes, theme, full } = page;
  const dialogs = new Dialogs(notes);
  const edit = () => dialogs.open("editor", () => import("./overview_editor.js"), page);
  const help = () => dialogs.open("help", () => import("./help.js"), { settings, keys: OVERVIEW_KEYS });
  listenToKeys({ theme, full, edit, help }, OVERVIEW_KEYS);
  const button = (/** @type {string} */ name, /** @type {string} */ title, /** @type {() => void} */ run) => {
    const element = make("button", { type: "button", title }, name);
    element.addEventListener("click", run);
    return element;
  };
  return [button("edit", "Edit this page (e)", edit), button("help", "Help (?)", help)];
}
