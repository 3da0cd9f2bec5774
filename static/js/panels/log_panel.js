// @ts-check
/** Panels of log lines and notices, the newest first, with a filter at a desk. */
import { make, mark, write } from "../ui/dom.js";
import { clock } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { EventPanel } from "./event_panel.js";
import { noticesOf, readNotice } from "./notices.js";
import { WholeRows } from "./whole_rows.js";

/** @import { EventLists, Item } from "../state/event_lists.js" */
/** @import { View } from "./panel.js" */
/** @typedef {{source: string, level: string, message: string, time: number}} Line */
/**
 * @typedef {object} LineSpec
 * @property {string} name
 * @property {string} event
 * @property {string} title
 * @property {string} nothing
 * @property {(lists: EventLists) => readonly Item[]} items oldest first
 * @property {(item: Item) => Omit<Line, "time">} read
 */

/** Most lines: more than fit on any wall. */
const MOST_LINES = 100;

/** Signs of levels. */
const MARKS = new Map([
  ["warning", "▲ "],
  ["error", "✕ "],
  ["critical", "◆ "],
]);

export class LogPanel extends EventPanel {
  /**
   * @param {LineSpec} spec
   * @param {boolean} searched with a filter
   */
  constructor(spec, searched) {
    super(spec);
    this.spec = spec;
    this.wanted = "";
    /** True while the pointer is over the lines, which then stand still. */
    this.still = false;
    const list = make("ol", { class: "lines" });
    this.body.append(list);
    // By position: a new line moves all others, and writing is cheaper than making elements.
    /** @type {KeyedList<Line, void, ReturnType<typeof lineRow>>} */
    this.list = new KeyedList(list, { key: (_line, index) => String(index), make: lineRow, fill });
    // How many more there are says little of lines that come all the time.
    this.whole = new WholeRows(this.body, list, make("span"), 1);
    /** @type {View | null} */
    this.view = null;
    if (searched) this.#makeSearchable();
  }

  /** @param {View} view */
  draw(view) {
    this.view = view;
    if (this.still) return;
    /** @type {Line[]} */
    const lines = [];
    const items = this.items(view.eventLists);
    for (let i = items.length - 1; i >= 0 && lines.length < MOST_LINES; i -= 1) {
      const line = { ...this.spec.read(items[i]), time: Number(items[i].data.time) };
      const words = `${line.source} ${line.level} ${line.message}`.toLowerCase();
      if (words.includes(this.wanted)) lines.push(line);
    }
    this.list.show(lines);
    // A line that goes may be as high as one that comes: then nothing is observed.
    this.whole.fit();
  }

  /** @param {EventLists} lists */
  items(lists) {
    return this.spec.items(lists);
  }

  destroy() {
    this.whole.destroy();
  }

  #makeSearchable() {
    const field = make("input", { type: "search", placeholder: "filter", "aria-label": `Filter ${this.spec.title}` });
    this.mark.before(field);
    const again = () => this.view && this.draw(this.view);
    field.addEventListener("input", () => {
      this.wanted = field.value.toLowerCase();
      again();
    });
    this.list.element.addEventListener("pointerenter", () => {
      this.still = true;
      mark(this.element, "data-still", "");
    });
    this.list.element.addEventListener("pointerleave", () => {
      this.still = false;
      mark(this.element, "data-still", null);
      again();
    });
  }
}

function lineRow() {
  const [time, source, message] = [make("time"), make("b"), make("span")];
  return { element: make("li", {}, time, source, message), time, source, message };
}

/**
 * @param {ReturnType<typeof lineRow>} row
 * @param {Line} line
 */
function fill({ element, time, source, message }, line) {
  mark(element, "data-severity", line.level || null);
  write(time, clock(line.time));
  write(source, line.source);
  write(message, (MARKS.get(line.level) ?? "") + line.message);
}

/** What each shows, by its name. @type {Record<string, Pick<LineSpec, "nothing" | "items" | "read">>} */
export const LINES = {
  log: {
    nothing: "No line has been logged yet",
    items: (lists) => lists.items("log"),
    read: ({ data }) => ({ source: words(data.source), level: words(data.level), message: words(data.message) }),
  },
  notice: {
    nothing: "No notice yet",
    items: noticesOf,
    read: readNotice,
  },
};

/** @param {unknown} value */
function words(value) {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}
