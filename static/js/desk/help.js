// @ts-check
/** Dialog that lists the keyboard shortcuts and the uses of the mouse. */
import { make } from "../ui/dom.js";
import { keep } from "../ui/storage.js";
import { Dialog } from "./dialog.js";
import { areLettersOn, KEYS, LETTERS, WINDOWS } from "./shortcuts.js";

/** What a key does, by the first of its kind. @type {Record<string, string>} */
export const SAYS = {
  " ": "stop the charts, and let them go on",
  Escape: "back to live, or close what is open",
  "[": "step back by what the charts show",
  "]": "step forward, and to now",
  g: "go to a moment: a day and a time",
  t: "dark or light",
  f: "full screen",
  d: "download what is shown",
  e: "edit this page: what it shows, and how",
  a: "all panels: every mount, disk and interface; and back",
  i: "explain the figures",
  "?": "this help",
  ...Object.fromEntries(WINDOWS.map(([, name], index) => [String(index + 1), `show ${name}`])),
};

const NAMES = { " ": "space", Escape: "Esc" };

/** Keys of a chart that has the focus. */
const IN_CHART = [
  ["←", "the sample before; with shift the tenth"],
  ["→", "the sample after"],
  ["Enter", "its values as a table"],
];

/** Uses of the mouse. */
const HAND = [
  ["point at a chart", "the values at that time, in all charts"],
  ["drag in a chart", "zoom to that time"],
  ["double-click a chart", "back to live"],
];

/** @param {{settings: import("../config/server_config.js").Settings, keys?: readonly import("./shortcuts.js").Key[]}} page keys: those of a wall, unless given */
export function create({ settings, keys: known = KEYS }) {
  const dialog = new Dialog("Keys", "help");
  const keys = known.map(({ keys }) => {
    const names = keys.map((key) => make("kbd", {}, NAMES[/** @type {keyof typeof NAMES} */ (key)] ?? key));
    return row(names.flatMap((name, index) => (index ? [" or ", name] : [name])), SAYS[keys[0]]);
  });
  const letters = make("input", { type: "checkbox" });
  letters.checked = areLettersOn();
  letters.addEventListener("change", () => keep(LETTERS, letters.checked, "localStorage"));
  dialog.body.append(
    make("dl", { class: "keys" }, ...keys.flat()),
    make("label", { class: "letters" }, letters, " Keys of one letter or sign"),
    ...(known === KEYS ? ofCharts() : []),
    make("p", { class: "hint" }, `The address of the page is its configuration: what is chosen here is in it, and a bookmark keeps it.${known === KEYS ? " A paused page goes on by itself after 15 minutes." : ""}`),
    make("p", { class: "hint" }, `Vitals ${settings.version}, build ${settings.build}`),
  );
  return dialog;
}

function ofCharts() {
  return [
    make("h3", {}, "In a chart that has the focus"),
    make("dl", { class: "keys" }, ...IN_CHART.flatMap(([what, says]) => row([make("kbd", {}, what)], says))),
    make("h3", {}, "With the mouse"),
    make("dl", { class: "keys" }, ...HAND.flatMap(([what, says]) => row([what], says))),
  ];
}

/**
 * @param {(Node | string)[]} what
 * @param {string} says
 */
function row(what, says) {
  return [make("dt", {}, ...what), make("dd", {}, says)];
}
