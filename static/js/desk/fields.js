// @ts-check
/** Form fields for the keys of an address, each with a message for its problem. */
import { MOST_COLUMNS } from "../config/page_url.js";
import { make, mark, write } from "../ui/dom.js";

/** @typedef {HTMLInputElement | HTMLSelectElement} Control */
/** @typedef {{group: string, key: string, label: string, hint?: string, make: (hosts: string) => Control}} FieldSpec */

/** @type {FieldSpec[]} */
const FIELDS = [
  { group: "Look", key: "window", label: "Time shown", hint: "For example 300s, 15m or 6h", make: () => typed("5m") },
  { group: "Look", key: "columns", label: "Columns", make: () => chosen({ "": "automatic", ...Object.fromEntries(upTo(MOST_COLUMNS)) }) },
  { group: "Look", key: "theme", label: "Theme", make: () => chosen({ "": "dark", light: "light", auto: "as the system" }) },
  { group: "Look", key: "distance", label: "Read from", make: () => chosen({ "": "a desk", "2m": "2 metres", "4m": "4 metres", "8m": "8 metres" }) },
  { group: "Look", key: "host", label: "Machine", make: (hosts) => typed("the server's own", { list: hosts }) },
  { group: "On a wall", key: "kiosk", label: "Kiosk: no tools", hint: "Nothing to click on. To come back, take kiosk=1 out of the address", make: () => ticked() },
  { group: "On a wall", key: "wake", label: "Keep the display awake", make: () => ticked() },
  { group: "On a wall", key: "shift", label: "Shift against burn-in", make: () => chosen({ "": "in a kiosk", 1: "always", 0: "never" }) },
  { group: "On a wall", key: "dim", label: "Dim", hint: "For example 22-07 or 21:30-6:15", make: () => typed("never, or 22-07") },
  { group: "On a wall", key: "blank", label: "Black", hint: "For example 22-07 or 21:30-6:15", make: () => typed("never, or 22-07") },
  { group: "On a wall", key: "screen", label: "Name of this screen", hint: "For example lobby: so it is called at /screens", make: () => typed("none, or lobby") },
];

/**
 * @param {Record<string, string>} metrics titles by name
 * @returns {FieldSpec[]} those of the overview
 */
export function overviewFields(metrics) {
  const sorts = { "": "automatic", worst: "the worst first", name: "by name", group: "by group" };
  return [
    { group: "Machines", key: "host", label: "Machines", hint: "For example web-*,db-1", make: () => typed("all, or web-*,db-1") },
    { group: "Machines", key: "sort", label: "Order", make: () => chosen(sorts) },
    { group: "Machines", key: "metric", label: "Map of", make: () => chosen({ "": "nothing, if tiles fit", worst: "what is worst off", ...metrics }) },
    ...FIELDS.filter(({ key }) => !["window", "columns", "host"].includes(key)),
  ];
}

export class Fields {
  /**
   * @param {() => void} changed
   * @param {readonly FieldSpec[]} [specs]
   */
  constructor(changed, specs = FIELDS) {
    this.hosts = make("datalist", { id: "editor-hosts" });
    /** @type {Map<string, {control: Control, problem: HTMLElement}>} */
    this.fields = new Map();
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const { group, key, label, hint, make: build } of specs) {
      const control = build("editor-hosts");
      const id = `editor-${key}`;
      const problem = make("span", { class: "problem", id: `${id}-problem` });
      for (const [name, value] of Object.entries({ id, name: key, "aria-describedby": `${id}-problem` })) control.setAttribute(name, value);
      if (hint) control.title = hint;
      control.addEventListener("input", changed);
      const field = make("p", { class: control.type === "checkbox" ? "field ticked" : "field" }, make("label", { for: id }, label), control, problem);
      groups.set(group, [...(groups.get(group) ?? []), field]);
      this.fields.set(key, { control, problem });
    }
    this.elements = [...groups].map(([name, fields]) => make("fieldset", {}, make("legend", {}, name), ...fields));
    this.elements[0]?.append(this.hosts);
  }

  /** @param {string[]} hosts to choose from */
  offer(hosts) {
    this.hosts.replaceChildren(...hosts.map((host) => make("option", { value: host })));
  }

  /** @returns {Record<string, string>} text of each key */
  get texts() {
    return Object.fromEntries([...this.fields].map(([key, { control }]) => [key, textOf(control)]));
  }

  /** @param {Record<string, string>} texts */
  set texts(texts) {
    for (const [key, { control }] of this.fields) {
      const text = texts[key] ?? "";
      if (control instanceof HTMLInputElement && control.type === "checkbox") control.checked = text === "1";
      else control.value = text;
    }
  }

  /** @param {Map<string, string>} problems by key */
  showProblems(problems) {
    for (const [key, { control, problem }] of this.fields) {
      const words = problems.get(key) ?? "";
      write(problem, words);
      mark(control, "aria-invalid", words ? "true" : null);
    }
  }

  /** @param {string} key */
  focus(key) {
    this.fields.get(key)?.control.focus();
  }
}

/** @param {Control} control */
function textOf(control) {
  if (control instanceof HTMLInputElement && control.type === "checkbox") return control.checked ? "1" : "";
  return control.value;
}

/**
 * @param {string} placeholder
 * @param {Record<string, string>} [attributes]
 */
function typed(placeholder, attributes = {}) {
  return make("input", { type: "text", placeholder, autocomplete: "off", spellcheck: "false", ...attributes });
}

function ticked() {
  return make("input", { type: "checkbox" });
}

/** @param {Record<string, string>} options */
function chosen(options) {
  // Objects list integer keys first; the default has to be first.
  const pairs = Object.entries(options).sort(([a], [b]) => Number(b === "") - Number(a === ""));
  return make("select", {}, ...pairs.map(([value, words]) => make("option", { value }, words)));
}

/** @param {number} most */
function upTo(most) {
  return Array.from({ length: most }, (_, index) => [String(index + 1), String(index + 1)]);
}
