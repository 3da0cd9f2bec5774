// @ts-check
/** The rows of a list that its panel has room for: one that the lower edge cuts is hidden, and counted. */
import { mark, write } from "../ui/dom.js";

export class WholeRows {
  /**
   * @param {HTMLElement} body of the panel
   * @param {HTMLElement} list whose children are the rows
   * @param {HTMLElement} more says how many are not shown
   * @param {number} least rows that stay though they are cut
   * @param {() => void} [fitColumns] called before rows are measured
   */
  constructor(body, list, more, least, fitColumns) {
    this.body = body;
    this.list = list;
    this.more = more;
    this.least = least;
    this.fitColumns = fitColumns;
    /** Rows beyond those of the list. */
    this.beyond = 0;
    // Observed, because measuring in each drawing costs a layout.
    this.observer = new ResizeObserver(() => this.fit());
    for (const element of [body, list]) this.observer.observe(element);
  }

  fit() {
    this.fitColumns?.();
    const end = this.body.getBoundingClientRect().bottom + 1;
    const bounded = getComputedStyle(this.body).overflowY === "hidden";
    const rows = [...this.list.children];
    const cut = rows.map((row, index) => bounded && index >= this.least && row.getBoundingClientRect().bottom > end);
    rows.forEach((row, index) => mark(row, "data-cut", cut[index] ? "" : null));
    const hidden = cut.filter(Boolean).length + this.beyond;
    write(this.more, hidden ? `${hidden} more` : "");
    mark(this.more, "data-more", this.beyond ? "" : "cut");
  }

  destroy() {
    this.observer.disconnect();
  }
}
