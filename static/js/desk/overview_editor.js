// @ts-check
/** Dialog that edits the address of the overview. */
import { make, write } from "../ui/dom.js";
import { copyButton } from "./copy.js";
import { Dialog } from "./dialog.js";
import { Fields, overviewFields } from "./fields.js";
import { Preview } from "./preview.js";

/**
 * @typedef {object} Edited the overview
 * @property {Record<string, string>} metrics titles of what a map may show, by name
 * @property {(search: string) => {problems: string[], query: string}} read an address: what is wrong, and the rest as it is written
 */

/** @param {Edited} page */
export function create({ metrics, read }) {
  const dialog = new Dialog("Edit this page", "editor");
  const preview = new Preview();
  const fields = new Fields(show, overviewFields(metrics));
  const address = make("input", { type: "text", readonly: "", "aria-label": "Address", "data-address": "" });
  const words = make("p", { class: "hint", role: "status", "data-editor-words": "" });
  const apply = make("button", { type: "submit", class: "plain main", "data-apply": "" }, "Apply");
  const result = make("div", { class: "result" }, preview.element, make("p", { class: "address" }, address, copyButton("Copy the address", () => address.value)), words, make("div", { class: "choices" }, apply));
  const form = make("form", { method: "dialog" }, make("div", { class: "choose" }, make("div", { class: "rest" }, ...fields.elements)), result);
  dialog.body.append(form);
  dialog.element.addEventListener("close", () => preview.hide());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(address.value);
  });

  function show() {
    /** @type {Map<string, string>} */
    const problems = new Map();
    // Keys without a field stay as they are.
    const kept = new URLSearchParams(location.search);
    for (const [key, typed] of Object.entries(fields.texts)) {
      kept.delete(key);
      const one = new URLSearchParams([[key, typed.trim()]]);
      const [problem] = typed.trim() ? read(`?${one}`).problems : [];
      if (problem) problems.set(key, problem);
      else if (typed.trim()) kept.set(key, typed.trim());
    }
    fields.showProblems(problems);
    const url = () => new URL(read(`?${kept}`).query || location.pathname, location.origin + location.pathname).href;
    address.value = url();
    // As previewQuery: without reports, wake lock and hours of the night.
    for (const key of ["screen", "wake", "dim", "blank"]) kept.delete(key);
    preview.show(url());
    write(words, problems.size ? `Not in the address, because it was not understood: ${[...problems.keys()].join(", ")}` : "");
  }

  return {
    open() {
      fields.texts = Object.fromEntries(new URLSearchParams(location.search));
      dialog.open();
      show();
    },
  };
}
