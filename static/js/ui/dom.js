// @ts-check
/** Builds and updates elements without parsing HTML, so that names and messages of others stay text. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Writes text if it has changed: writing equal text would cost a layout, and a new text node more than new text.
 * @param {Node} node
 * @param {string} content
 */
export function write(node, content) {
  const { firstChild: text, lastChild } = node;
  if (content && text instanceof Text && text === lastChild) {
    if (text.data !== content) text.data = content;
  } else if (node.textContent !== content) node.textContent = content;
}

/**
 * Writes a name of a machine, which may go on in another line after a dot.
 * @param {Element} element
 * @param {string} name
 */
export function writeName(element, name) {
  element.replaceChildren(...name.split(".").flatMap((part, index) => (index ? [".", make("wbr"), part] : [part])));
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null removes it
 */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Makes a `<data value="…" data-value="cpu.percent">`, which scripts can read as a number.
 * @param {string} name
 * @returns {HTMLDataElement}
 */
export function valueElement(name) {
  return make("data", { "data-value": name }, "—");
}

/**
 * @param {HTMLDataElement} element
 * @param {unknown} value
 * @param {string} content
 */
export function writeValue(element, value, content) {
  mark(element, "value", value === null || value === undefined ? "" : String(value));
  write(element, content);
}

/**
 * @param {Element} root
 * @param {string} selector
 * @returns {HTMLElement} first match; throws if there is none
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}
