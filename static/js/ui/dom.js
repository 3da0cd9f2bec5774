// @ts-check
/** Building the page without ever parsing a string as HTML: what is called by others stays text. */

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
 * Setting what is already there would still cost a layout, and another text node more than another text.
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
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value null takes it away
 */
export function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * A figure as `<data value="…" data-value="cpu.percent">`, which scripts can read as a plain number.
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
 * @returns {HTMLElement} the first that fits; a page without it is broken, and says so at once
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`the page has no ${selector}`);
  return element;
}
