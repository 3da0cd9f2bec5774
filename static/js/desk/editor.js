// @ts-check
/**
 * Dialog that edits the address of the page, with a preview. A draft is kept while the dialog is closed, and over
 * a reload of the tab.
 */
import { presetFor } from "../config/presets.js";
import { make, write } from "../ui/dom.js";
import { keep, recall } from "../ui/storage.js";
import { copyButton } from "./copy.js";
import { Dialog } from "./dialog.js";
import { draftOf, isSame, previewQuery, readDraft } from "./draft.js";
import { Fields } from "./fields.js";
import { loadOwnFigures } from "./own_figures.js";
import { Preview } from "./preview.js";
import { SortList } from "./sortlist.js";

/** @import { Place } from "../config/page_url.js" */
/** @import { Wall } from "./dialog.js" */
/** @import { Draft } from "./draft.js" */

const KEPT = "editor";

/** @param {Wall} wall */
export function create(wall) {
  return new Editor(wall);
}

class Editor {
  /** @param {Wall} wall */
  constructor({ display, grid, registry, settings }) {
    this.display = display;
    this.registry = registry;
    this.settings = settings;
    this.grid = grid;
    this.dialog = new Dialog("Edit this page", "editor");
    this.panels = new SortList({ label: "Panels", names: titles(registry.catalogue.panels), sizes: true, changed: () => this.#listChanged("panels") });
    this.tiles = new SortList({ label: "Tiles", names: titles(registry.catalogue.tiles), sizes: false, changed: () => this.#listChanged("tiles") });
    this.fields = new Fields(() => this.#changed());
    this.preview = new Preview();
    this.address = make("input", { type: "text", readonly: "", "aria-label": "Address", "data-address": "" });
    this.address.addEventListener("focus", () => this.address.select());
    /** @type {Record<string, HTMLButtonElement>} */
    this.defaults = {};
    this.words = make("p", { class: "hint", role: "status", "data-editor-words": "" });
    this.another = make("a", { class: "plain", target: "_blank", rel: "noopener", "data-another": "" }, "Open in a new tab");
    this.own = make("p", { class: "hint", "data-own": "" });
    /** @type {Draft} */
    this.draft = {};
    /** Draft of the page when editing began. @type {Draft | null} */
    this.begun = null;
    this.#compose();
    this.dialog.element.addEventListener("close", () => this.preview.hide());
  }

  open() {
    this.fields.offer(this.grid.store.hosts);
    if (!this.begun) Object.assign(this, recall(KEPT));
    // An edited draft goes on; else editing begins with the page as it is now.
    if (!this.begun || isSame(this.draft, this.begun)) this.#begin();
    this.#showDraft();
    this.dialog.open();
    this.#offerOwn();
  }

  /** Offers the figures that the log has seen, with their newest values. */
  async #offerOwn() {
    const { names, more } = await loadOwnFigures(this.settings.catalogueUrl);
    for (const list of [this.panels, this.tiles]) list.offer(names);
    write(this.own, more ? `There are ${more} more figures; each can be named in the address.` : "");
  }

  #compose() {
    const { panels, tiles, fields, preview, address, words, another } = this;
    const apply = make("button", { type: "submit", class: "plain main", "data-apply": "" }, "Apply");
    const over = make("button", { type: "button", class: "plain", "data-start-over": "" }, "Start over");
    over.addEventListener("click", () => {
      this.#begin();
      this.#showDraft();
    });
    const form = make(
      "form",
      { method: "dialog" },
      make(
        "div",
        { class: "choose" },
        make("fieldset", {}, make("legend", {}, "Panels"), this.#defaultButton("panels"), panels.element, make("p", { class: "hint" }, "Sizes are columns across × rows down."), this.own),
        make("div", { class: "rest" }, make("fieldset", {}, make("legend", {}, "Tiles"), this.#defaultButton("tiles"), tiles.element), ...fields.elements),
      ),
      make(
        "div",
        { class: "result" },
        preview.element,
        make("p", { class: "address" }, address, copyButton("Copy the address", () => address.value)),
        words,
        make("div", { class: "choices" }, over, another, apply),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#apply();
    });
    this.dialog.body.append(form);
  }

  /** @param {"panels" | "tiles"} key */
  #defaultButton(key) {
    const button = make("button", { type: "button", class: "plain small", "data-default": key }, "Default");
    this.defaults[key] = button;
    button.title = `The ${key} that are usual at this distance`;
    button.addEventListener("click", () => {
      this.draft[key] = "";
      this.#showDraft();
    });
    return button;
  }

  #begin() {
    this.begun = draftOf(this.display);
    this.draft = { ...this.begun };
  }

  /** @param {"panels" | "tiles"} key */
  #listChanged(key) {
    const { places } = this[key];
    this.draft[key] = places.map(({ name, across, down }) => (across * down === 1 ? name : `${name}:${across}x${down}`)).join() || "none";
    this.#changed();
  }

  #changed() {
    const { distance } = this.draft;
    Object.assign(this.draft, this.fields.texts);
    // Without a choice the distance decides which panels there are.
    if (this.draft.distance !== (distance ?? "")) this.#showLists();
    this.#show();
  }

  #showDraft() {
    this.fields.texts = this.draft;
    this.#showLists();
    this.#show();
  }

  #showLists() {
    const { display } = readDraft(this.draft, this.registry.known);
    const preset = presetFor(display.distance);
    const panels = display.panels ?? preset.panels.map(place);
    const tiles = display.tiles ?? preset.tiles;
    this.panels.offer(panels.filter(({ name }) => !this.#has(this.panels, name)).map(({ name }) => [name, this.registry.panel(name)?.title ?? name]));
    this.tiles.offer(tiles.filter((name) => !this.#has(this.tiles, name)).map((name) => [name, this.registry.tile(name)?.title ?? name]));
    this.panels.places = panels;
    this.tiles.places = tiles.map(place);
  }

  /**
   * @param {SortList} list
   * @param {string} name
   */
  #has(list, name) {
    return list.rows.some((row) => row.name === name);
  }

  #show() {
    const { display, problems, query } = readDraft(this.draft, this.registry.known);
    const url = (/** @type {string} */ search) => new URL(search ? `?${search}` : location.pathname, location.origin + location.pathname).href;
    this.fields.showProblems(problems);
    for (const [key, button] of Object.entries(this.defaults)) button.hidden = !this.draft[key];
    this.address.value = url(query);
    this.another.href = url(query);
    this.preview.show(url(previewQuery(display)));
    write(this.words, problems.size ? `Not in the address, because it was not understood: ${[...problems.keys()].join(", ")}` : "");
    keep(KEPT, { begun: this.begun, draft: this.draft });
  }

  #apply() {
    const [wrong] = readDraft(this.draft, this.registry.known).problems.keys();
    if (wrong) {
      this.fields.focus(wrong);
      return;
    }
    keep(KEPT, null);
    location.assign(this.address.value);
  }
}

/**
 * @param {ReadonlyMap<string, {title: string}>} entries
 * @returns {[string, string][]}
 */
function titles(entries) {
  return [...entries].map(([name, { title }]) => [name, title]);
}

/**
 * @param {string} name
 * @returns {Place}
 */
function place(name) {
  return { name, across: 1, down: 1 };
}
