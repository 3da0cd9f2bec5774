// @ts-check
/** Long names, shortened in their middle: both their beginning and their end tell machines apart. */

/**
 * @param {string} name
 * @param {number} most letters, at least 3
 * @returns {string} "ip-10-0…internal" for ip-10-0-12-34.compute.internal
 */
export function shortName(name, most) {
  const letters = [...name];
  if (letters.length <= most) return name;
  const head = Math.ceil((most - 1) / 2);
  return `${letters.slice(0, head).join("")}…${letters.slice(head + 1 - most).join("")}`;
}

/**
 * @param {readonly string[]} names of machines
 * @returns {Map<string, string>} each without its domain, unless two would read alike
 */
export function withoutDomains(names) {
  const first = (/** @type {string} */ name) => name.split(".")[0];
  const count = new Map();
  for (const name of names) count.set(first(name), (count.get(first(name)) ?? 0) + 1);
  // The first part of an IP address is no name.
  return new Map(names.map((name) => [name, count.get(first(name)) === 1 && !/^\d+$/.test(first(name)) ? first(name) : name]));
}
