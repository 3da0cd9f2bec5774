// @ts-check
/** Keyboard shortcuts, in one table that the listener runs and the help, which has words for each, lists. */
import { recall } from "../ui/storage.js";

/** Name of the switch in the browser's storage. */
export const LETTERS = "letter keys";

/**
 * @typedef {object} Actions of buttons and keys
 * @property {() => void} pause or go on
 * @property {() => void} back to live
 * @property {(seconds: number) => void} window
 * @property {(way: 1 | -1) => void} step to the stretch after or before
 * @property {() => void} calendar that leads to a moment
 * @property {() => void} theme
 * @property {() => void} full
 * @property {() => void} download
 * @property {() => void} edit
 * @property {() => void} all panels, or those from before
 * @property {() => void} explain what the figures mean
 * @property {() => void} help
 * @property {(() => void) | null} share null: not for this reader
 */
/** @typedef {{keys: string[], run: (actions: Actions) => void}} Key */

/** Windows to choose from, seconds, and their names. */
export const WINDOWS = /** @type {const} */ ([
  [300, "5 min"],
  [900, "15 min"],
  [3600, "1 h"],
  [21_600, "6 h"],
  [86_400, "1 day"],
  [7 * 86_400, "1 week"],
  [30 * 86_400, "30 days"],
  [365 * 86_400, "1 year"],
]);

/** @type {Key[]} */
export const KEYS = [
  { keys: [" ", "p"], run: ({ pause }) => pause() },
  { keys: ["Escape"], run: ({ back }) => back() },
  ...WINDOWS.map(([seconds], index) => ({
    keys: [String(index + 1)],
    run: (/** @type {Actions} */ { window }) => window(seconds),
  })),
  { keys: ["["], run: ({ step }) => step(-1) },
  { keys: ["]"], run: ({ step }) => step(1) },
  { keys: ["g"], run: ({ calendar }) => calendar() },
  { keys: ["t"], run: ({ theme }) => theme() },
  { keys: ["f"], run: ({ full }) => full() },
  { keys: ["d"], run: ({ download }) => download() },
  { keys: ["e"], run: ({ edit }) => edit() },
  { keys: ["a"], run: ({ all }) => all() },
  { keys: ["i"], run: ({ explain }) => explain() },
  { keys: ["?"], run: ({ help }) => help() },
];

/** Keys that the overview has, too. */
export const OVERVIEW_KEYS = KEYS.filter(({ keys: [key] }) => "tfe?".includes(key));

/**
 * @param {Pick<Actions, "theme" | "full" | "edit" | "help">} actions those of the keys
 * @param {readonly Key[]} [keys]
 */
export function listenToKeys(actions, keys = KEYS) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing || isForSomethingElse(event)) return;
    const key = keys.find(({ keys }) => keys.includes(event.key));
    if (!key || (event.key.length === 1 && !areLettersOn())) return;
    event.preventDefault();
    key.run(/** @type {Actions} */ (actions));
  });
}

/** Keys of a chart that has the focus. */
const OF_CHARTS = ["ArrowLeft", "ArrowRight", "Home", "End", "Enter"];

/**
 * @param {HTMLElement} panels
 * @param {(event: KeyboardEvent) => void} press
 */
export function listenToCharts(panels, press) {
  for (const box of panels.querySelectorAll(".plot")) /** @type {HTMLElement} */ (box).tabIndex = 0;
  panels.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, altKey, metaKey } = event;
    if (!OF_CHARTS.includes(key) || ctrlKey || altKey || metaKey || !(target instanceof Element) || !target.matches(".plot")) return;
    event.preventDefault();
    press(event);
  });
}

/** Keys of one letter or sign may be switched off: those who dictate press them without meaning to. */
export function areLettersOn() {
  return recall(LETTERS, "localStorage") !== false;
}

/**
 * Returns true for a key that a field, a button, a dialog or the browser acts on.
 * @param {KeyboardEvent} event
 */
function isForSomethingElse({ key, target, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey || document.querySelector("dialog[open]")) return true;
  // Just after a dialog has closed the focus is still in it.
  if (!(target instanceof HTMLElement) || target.checkVisibility?.() === false) return false;
  if (target.isContentEditable || target.closest("input, textarea, select")) return true;
  return key === " " && target.closest("button, a, summary") !== null;
}
