// @ts-check
/** Order of log ids, `<unix milliseconds>-<sequence>`, which only grow. */

/**
 * @param {string} a
 * @param {string} b
 * @returns {boolean} true if `a` is after `b`; the empty id is before all others
 */
export function isAfter(a, b) {
  const [aMs, aSequence] = parts(a);
  const [bMs, bSequence] = parts(b);
  return aMs !== bMs ? aMs > bMs : aSequence > bSequence;
}

/**
 * @param {string} id
 * @returns {[number, bigint]} sequences may have more digits than a number holds
 */
function parts(id) {
  const [ms, sequence] = id.split("-");
  return [Number(ms || -1), BigInt(sequence || 0)];
}
