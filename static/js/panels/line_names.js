// @ts-check
/** Names beside lines: shortened where they are equal, and never two that read alike. */

/** Most letters of a name. */
const MOST = 18;

/** Least letters that shortening has to save. */
const LEAST_SAVED = 3;

/**
 * @param {string[]} names all different
 * @param {number} [most] letters
 * @returns {string[]} a name for each: "…-01", "…-02" for web-frankfurt-01 and web-frankfurt-02
 */
export function shortened(names, most = MOST) {
  if (names.length < 2) return names.map((name) => cut(name, most));
  const start = commonStart(names);
  const rests = start >= LEAST_SAVED && Math.max(...names.map(({ length }) => length)) > most / 2 ? names.map((name) => `…${name.slice(start)}`) : names;
  const short = rests.map((name) => cut(name, most));
  if (new Set(short).size === short.length) return short;
  // Cutting made some alike: the ends may tell them apart.
  const ends = rests.map((name) => (name.length > most ? `…${name.slice(1 - most)}` : name));
  return new Set(ends).size === ends.length ? ends : short.map((name, index) => `${index + 1} ${name}`);
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
 * @param {string} name
 * @param {number} most
 */
function cut(name, most) {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
