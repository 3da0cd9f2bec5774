// @ts-check
/** Ids of the log are `<unix milliseconds>-<sequence>` and only grow: here they are compared. */

/**
 * @param {string} a
 * @param {string} b
 * @returns {boolean} whether `a` came after `b`; the empty id is before all others
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
