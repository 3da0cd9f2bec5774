// @ts-check
/**
 * Gives browsers of before 2022, such as those of televisions, what the page uses and they lack. Imported first by each
 * entry point and worker. Browsers older than Chromium 87 and Firefox 91 are told so by css/base.css.
 */

/**
 * @param {object} into
 * @param {Record<string, Function>} missing
 */
function add(into, missing) {
  for (const [name, value] of Object.entries(missing)) {
    if (!(name in into)) Object.defineProperty(into, name, { value, writable: true, configurable: true });
  }
}

/**
 * @this {ArrayLike<unknown>}
 * @param {number} index
 */
function at(index) {
  return this[index < 0 ? this.length + index : index];
}

add(Array.prototype, {
  at,
  /**
   * @this {unknown[]}
   * @param {(value: unknown, index: number, list: unknown[]) => unknown} test
   */
  findLast(test) {
    for (let index = this.length - 1; index >= 0; index -= 1) if (test(this[index], index, this)) return this[index];
    return undefined;
  },
});
add(String.prototype, { at });
add(Object, { hasOwn: (/** @type {object} */ object, /** @type {PropertyKey} */ key) => Object.prototype.hasOwnProperty.call(object, key) });
add(AbortSignal, {
  timeout(/** @type {number} */ milliseconds) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), milliseconds);
    return controller.signal;
  },
});
