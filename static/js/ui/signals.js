// @ts-check
/**
 * Makes listeners that are given a signal end with it in browsers of before 2021, too. Imported by whatever ends listeners
 * while its page goes on.
 */

let takesSignals = false;
const asked = {
  get signal() {
    takesSignals = true;
    return undefined;
  },
};
new EventTarget().addEventListener("", () => {}, asked);
if (!takesSignals) {
  const { addEventListener } = EventTarget.prototype;
  /**
   * @this {EventTarget | undefined}
   * @param {string} name
   * @param {EventListenerOrEventListenerObject | null} listener
   * @param {boolean | AddEventListenerOptions} [options]
   */
  EventTarget.prototype.addEventListener = function (name, listener, options) {
    const target = this ?? globalThis;
    addEventListener.call(target, name, listener, options);
    if (typeof options === "object") options.signal?.addEventListener("abort", () => target.removeEventListener(name, listener, options));
  };
}
