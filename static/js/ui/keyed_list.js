// @ts-check
/**
 * List element whose children follow a list of items: one child for each key, made once and filled each time.
 * Children that stand right are not moved, and a moved one keeps the focus.
 */

/**
 * @template Item, Context
 * @template {{element: HTMLElement}} Row
 */
export class KeyedList {
  /**
   * @param {HTMLElement} element without other children
   * @param {object} options
   * @param {(item: Item, index: number) => string} options.key unique in the list
   * @param {(item: Item) => Row} options.make
   * @param {(row: Row, item: Item, context: Context) => void} options.fill
   * @param {(row: Row) => void} [options.removed]
   */
  constructor(element, options) {
    this.element = element;
    this.options = options;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
  }

  /**
   * @param {Item[]} items in order
   * @param {Context} context handed to `fill`
   */
  show(items, context) {
    const { key, make, fill, removed } = this.options;
    const wanted = new Map(items.map((item, index) => [key(item, index), item]));
    for (const [name, row] of this.rows) {
      if (wanted.has(name)) continue;
      row.element.remove();
      this.rows.delete(name);
      removed?.(row);
    }
    const focused = document.activeElement;
    let next = this.element.firstElementChild;
    for (const [name, item] of wanted) {
      let row = this.rows.get(name);
      if (!row) this.rows.set(name, (row = make(item)));
      fill(row, item, context);
      if (row.element === next) next = row.element.nextElementSibling;
      else this.element.insertBefore(row.element, next);
    }
    if (focused !== document.activeElement && this.element.contains(focused)) /** @type {HTMLElement} */ (focused).focus({ preventScroll: true });
  }
}
