// @ts-check
/**
 * Put a list's children in an order. Those that stand right already are not touched, and whoever holds
 * the focus keeps it.
 * @param {HTMLElement} list
 * @param {HTMLElement[]} wanted all that is to be in it
 */
export function place(list, wanted) {
  const kept = new Set(wanted);
  for (const child of [...list.children]) if (!kept.has(/** @type {HTMLElement} */ (child))) child.remove();
  const focused = list.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  let next = list.firstElementChild;
  for (const element of wanted) {
    if (element === next) next = next.nextElementSibling;
    else list.insertBefore(element, next);
  }
  if (focused && document.activeElement !== focused) focused.focus({ preventScroll: true });
}
