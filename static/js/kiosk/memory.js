// @ts-check
/** What a tab remembers over a reload of its page. A browser may refuse to: then nothing is known. */

const PREFIX = "vitals ";

/**
 * @param {string} name
 * @param {unknown} value as JSON can hold it
 * @returns {boolean} whether it will be remembered
 */
export function keep(name, value) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} name
 * @returns {any} null for what is not known
 */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @returns {any} the same, and it is forgotten
 */
export function take(name) {
  const value = recall(name);
  if (value !== null) keep(name, null);
  return value;
}
