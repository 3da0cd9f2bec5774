// @ts-check
/** Entry point of the list of joined machines: makes codes by which more join, and takes rights away. */
import "../ui/older_browsers.js";
import { copyButton } from "../desk/copy.js";
import { ask, cell, rightsList, showMade } from "../desk/rights_list.js";
import { find, make, write } from "../ui/dom.js";
import { moment } from "../ui/format.js";

/**
 * @typedef {object} Machine times are seconds since 1970
 * @property {string} name
 * @property {number} joined
 * @property {string | null} version
 * @property {string | null} address
 * @property {number | null} seen
 */

/** Milliseconds between two looks. */
const PAUSE = 10_000;

const form = /** @type {HTMLFormElement} */ (find(document.documentElement, "form"));

/** Row of one machine. */
class Row {
  /** @param {Machine} machine */
  constructor({ name }) {
    this.joined = cell("Joined");
    this.version = cell("Version");
    this.seen = cell("Last seen");
    this.address = cell("Address");
    const button = make("button", { type: "button", "aria-label": `Take the right of ${name} away` }, "Take away");
    button.addEventListener("click", () => remove(name));
    const last = make("td", { "data-field": "revoke" }, button);
    this.element = make("tr", { "data-machine": name }, make("th", { scope: "row" }, name), this.joined, this.version, this.seen, this.address, last);
  }

  /** @param {Machine} machine */
  show({ joined, version, seen, address }) {
    write(this.joined, moment(joined));
    write(this.version, version ?? "");
    write(this.seen, seen === null ? "never" : moment(seen));
    write(this.address, address ?? "");
  }
}

/** @type {ReturnType<typeof rightsList<Machine, Row>>} */
const attempt = rightsList({ name: "machines", key: ({ name }) => name, make: (machine) => new Row(machine), fill: (row, machine) => row.show(machine) });

/**
 * @param {string} path
 * @param {RequestInit} init
 */
function askByToken(path, init) {
  const token = new FormData(form).get("token");
  return ask(path, { ...init, headers: { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) } }, true);
}

/** @param {string} name */
function remove(name) {
  if (confirm(`Take the right of ${name} away? What it sends is refused from now on.`)) {
    attempt(async () => void (await askByToken(`/${encodeURIComponent(name)}`, { method: "DELETE" })));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const host = String(new FormData(form).get("host")).trim() || null;
    /** @type {{line: string}} */
    const { line } = await (await askByToken("/invitations", { method: "POST", body: JSON.stringify({ host }) })).json();
    const words = make("p", {}, "Paste this line on the machine, where Vitals is installed. It works once, for an hour.");
    const field = make("input", { readonly: "", "data-line": "", "aria-label": "The line", value: line });
    showMade(make("div", {}, words, field, copyButton("Copy the line", () => line)));
  });
});

setInterval(() => document.hidden || attempt(), PAUSE);
attempt();
