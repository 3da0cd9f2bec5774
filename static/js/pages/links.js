// @ts-check
/** Entry point of the list of links: makes one by the form, shows it with its QR code, and revokes. */
import "../ui/older_browsers.js";
import { copyButton } from "../desk/copy.js";
import { ask, cell, rightsList, showMade } from "../desk/rights_list.js";
import { find, make, mark, write } from "../ui/dom.js";
import { moment } from "../ui/format.js";

/**
 * @typedef {object} Link times are seconds since 1970
 * @property {string} id
 * @property {string} label
 * @property {string[] | null} events null: all
 * @property {string[] | null} hosts null: all
 * @property {number} made
 * @property {number} expires
 * @property {number | null} revoked
 * @property {number | null} used
 * @property {string | null} used_from
 */

const form = /** @type {HTMLFormElement} */ (find(document.documentElement, "form"));

/** Row of one link. */
class Row {
  /** @param {Link} link */
  constructor({ id, label, events, hosts, made }) {
    const covers = `${events?.join(", ") ?? "all events"} of ${hosts?.join(", ") ?? "all hosts"}`;
    this.end = cell("Ends");
    this.used = cell("Last used");
    const button = make("button", { type: "button", "aria-label": `Revoke ${label || id}` }, "Revoke");
    button.addEventListener("click", () => revoke(id, label || id));
    this.revoke = make("td", { "data-field": "revoke" }, button);
    const name = make("th", { scope: "row" }, label || id);
    this.element = make("tr", { "data-link-id": id }, name, cell("Covers", covers), cell("Made", moment(made)), this.end, this.used, this.revoke);
  }

  /**
   * @param {Link} link
   * @param {number} now seconds since 1970, by the server
   */
  show({ expires, revoked, used, used_from }, now) {
    const over = revoked !== null || expires <= now;
    mark(this.element, "data-over", over ? "" : null);
    write(this.end, revoked !== null ? `revoked ${moment(revoked)}` : `${over ? "expired" : "expires"} ${moment(expires)}`);
    write(this.used, used === null ? "never" : `${moment(used)} from ${used_from}`);
    this.revoke.hidden = over;
  }
}

/** @type {ReturnType<typeof rightsList<Link, Row>>} */
const attempt = rightsList({ name: "links", key: ({ id }) => id, make: (link) => new Row(link), fill: (row, link, now) => row.show(link, now) });

/**
 * @param {string} id
 * @param {string} name
 */
function revoke(id, name) {
  if (confirm(`Revoke ${name}? Displays that were opened with this link stop, and it cannot be undone.`)) {
    attempt(async () => void (await ask(`/${encodeURIComponent(id)}`, { method: "DELETE" })));
  }
}

/** @param {FormDataEntryValue | null} text names with commas between */
function names(text) {
  const found = String(text).split(/[\s,]+/).filter(Boolean);
  return found.length ? found : null;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const given = new FormData(form);
    const { label, for: lasts, path } = Object.fromEntries(given);
    const asked = { label, events: names(given.get("events")), hosts: names(given.get("hosts")), for: lasts, path };
    const answer = await ask("", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    /** @type {{url: string, qr: string | null}} */
    const { url, qr } = await answer.json();
    const field = make("input", { readonly: "", "data-url": "", "aria-label": "The link", value: url });
    const picture = qr === null ? "" : make("img", { src: `data:image/svg+xml,${encodeURIComponent(qr)}`, alt: "The link as a QR code" });
    const words = make("p", {}, "Copy it now: it is shown only once.");
    showMade(make("div", {}, words, field, copyButton("Copy the link", () => url)), picture);
  });
});

attempt();
