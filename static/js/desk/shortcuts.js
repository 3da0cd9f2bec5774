// @ts-check
/** The keys of the keyboard: what each does, in one table that the help shows and the listener obeys. */

/**
 * @typedef {object} Actions what a button and a key may do
 * @property {() => void} pause or go on
 * @property {() => void} back to live
 * @property {(seconds: number) => void} window
 * @property {() => void} theme
 * @property {() => void} full
 * @property {() => void} download
 * @property {() => void} edit
 * @property {() => void} help
 */
/** @typedef {{keys: string[], says: string, run: (actions: Actions) => void}} Key says: what it does, in the help */

/** The windows to choose from, seconds, and how they are called. */
export const WINDOWS = /** @type {const} */ ([
  [300, "5 min"],
  [900, "15 min"],
  [3600, "1 h"],
  [21_600, "6 h"],
]);

/** @type {Key[]} */
export const KEYS = [
  { keys: [" ", "p"], says: "stop the charts, and let them go on", run: ({ pause }) => pause() },
  { keys: ["Escape"], says: "back to live, or close what is open", run: ({ back }) => back() },
  ...WINDOWS.map(([seconds, name], index) => ({
    keys: [String(index + 1)],
    says: `show ${name}`,
    run: (/** @type {Actions} */ { window }) => window(seconds),
  })),
  { keys: ["t"], says: "dark or light", run: ({ theme }) => theme() },
  { keys: ["f"], says: "full screen", run: ({ full }) => full() },
  { keys: ["d"], says: "download what is shown", run: ({ download }) => download() },
  { keys: ["e"], says: "edit this page: panels, order, size", run: ({ edit }) => edit() },
  { keys: ["?"], says: "this help", run: ({ help }) => help() },
];

/** @param {Actions} actions */
export function listenToKeys(actions) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing || isForSomethingElse(event)) return;
    const key = KEYS.find(({ keys }) => keys.includes(event.key));
    if (!key) return;
    event.preventDefault();
    key.run(actions);
  });
}

/**
 * Whether a key is meant for a field, a button or a dialog, or for the browser.
 * @param {KeyboardEvent} event
 */
function isForSomethingElse({ key, target, ctrlKey, altKey, metaKey }) {
  if (ctrlKey || altKey || metaKey || document.querySelector("dialog[open]")) return true;
  // For a moment after a dialog has closed the focus is still in it.
  if (!(target instanceof HTMLElement) || !target.checkVisibility()) return false;
  if (target.isContentEditable || target.closest("input, textarea, select")) return true;
  return key === " " && target.closest("button, a, summary") !== null;
}
