// @ts-check
/** Names where there is little room: shortened in their middle or where all are equal, and never two that read alike. */

/** Most letters of a name beside a line. */
const MOST = 18;

/** Least letters of which a middle can be left out, so that both ends say something. */
const MIDDLE = 10;

/** Least letters that leaving out the beginning of all has to save. */
const LEAST_SAVED = 3;

/**
 * @param {string} name
 * @param {number} most letters, at least 3
 * @param {number} [head] letters of its beginning
 * @returns {string} "ip-10-0…internal" for ip-10-0-12-34.compute.internal
 */
export function shortName(name, most, head = Math.ceil((most - 1) / 2)) {
  const letters = [...name];
  if (letters.length <= most) return name;
  return `${letters.slice(0, head).join("")}…${letters.slice(head + 1 - most).join("")}`;
}

/**
 * @param {string[]} names all different
 * @param {number} [most] letters
 * @returns {string[]} a name for each: "…-01", "…-02" for web-frankfurt-01 and web-frankfurt-02
 */
export function shortened(names, most = MOST) {
  const start = names.length > 1 ? commonStart(names) : 0;
  const rests = start >= LEAST_SAVED && Math.max(...names.map(({ length }) => length)) > most / 2 ? names.map((name) => `…${name.slice(start)}`) : names;
  // Few tries, as names may be thousands, and made by strangers.
  for (const share of [1 / 2, 1 / 3, 1 / 6, 0]) {
    const short = rests.map((name) => shortName(name, most, Math.ceil((most - 1) * share)));
    if (new Set(short).size === short.length) return short;
  }
  return rests.map((name, index) => `${index + 1} ${shortName(name, most)}`);
}

/**
 * @param {string[]} names
 * @returns {number} letters with which all begin, up to a sign that parts words
 */
function commonStart(names) {
  let length = 0;
  while (names.every((name) => name.length > length + 1 && name[length] === names[0][length])) length += 1;
  while (length > 0 && !/[-._ ]/.test(names[0][length])) length -= 1;
  return length;
}

/**
 * @param {readonly string[]} names of machines
 * @returns {Map<string, string>} each without its domain, unless two would read alike
 */
export function withoutDomains(names) {
  const first = (/** @type {string} */ name) => name.split(".")[0];
  const count = new Map();
  for (const name of new Set(names)) count.set(first(name), (count.get(first(name)) ?? 0) + 1);
  // The first part of an IP address is no name.
  return new Map(names.map((name) => [name, count.get(first(name)) === 1 && !/^\d+$/.test(first(name)) ? first(name) : name]));
}

/**
 * @param {string[]} names of machines
 * @param {(name: string) => boolean} fits tells whether there is room for it
 * @returns {Map<string, string>} what each is called, as long as there is room for all
 */
export function calledIn(names, fits) {
  const called = [...withoutDomains(names).values()];
  let short = called;
  let most = Math.max(...called.map(({ length }) => length));
  while (most > 3 && !short.every(fits)) {
    most = Math.min(most - 1, Math.ceil(0.9 * most));
    const middle = called.map((name) => shortName(name, most));
    short = most >= MIDDLE && new Set(middle).size === middle.length ? middle : shortened(called, most);
  }
  return new Map(names.map((name, index) => [name, short[index]]));
}

/**
 * @param {string} family of a typeface
 * @param {number} size CSS pixels
 * @param {number} weight
 * @returns {(text: string) => number} width of a text in it
 */
export function measure(family, size, weight) {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen) pen.font = `${weight} ${size}px ${family}`;
  return (text) => pen?.measureText(text).width ?? 0;
}
