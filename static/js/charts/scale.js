// @ts-check
/** Ends and marks of axes, few and round, so that an axis seldom moves and reads at a glance. */

/** @typedef {(number | null)[]} Column values in step with a list of times; null marks a gap */

/**
 * @param {number} value
 * @param {number} least end of an idle axis
 * @returns {number} next round figure that leaves some room
 */
export function roundUp(value, least) {
  const wanted = Math.max(value * 1.05, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const digit = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((candidate) => candidate * power >= wanted) ?? 10;
  return digit * power;
}

/** An idle disk or network: noise of a few bytes must not look like a storm. */
export const LEAST_RATE = 10_000;

/**
 * Ends for two rates drawn against each other, up and down from a common zero, in one measure.
 * The quieter side keeps a quarter of the other, so that there is room for its line.
 * @param {number | null} down the lowest value, zero or negative
 * @param {number | null} up the highest value
 * @returns {[number, number]}
 */
export function mirrored(down, up) {
  const above = roundUp(Math.max(0, up ?? 0), LEAST_RATE);
  const below = roundUp(Math.max(0, -(down ?? 0)), LEAST_RATE);
  return [-Math.max(below, above / 4), Math.max(above, below / 4)];
}

/**
 * @param {number} height of the plot in rem
 * @returns {number[]} marks of a percent axis
 */
export function percentMarks(height) {
  return height < 7 ? [0, 50, 100] : [0, 25, 50, 75, 100];
}

/**
 * Spreads labels of one height so that none covers another and each stays near its wanted place.
 * @param {number[]} wanted upper edges
 * @param {number} height of each
 * @param {number} room from zero to here
 * @returns {number[]} upper edges, in the order of `wanted`
 */
export function spread(wanted, height, room) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b]);
  const places = [...wanted];
  let free = 0;
  for (const index of order) {
    places[index] = Math.max(free, places[index]);
    free = places[index] + height;
  }
  let end = room;
  for (const index of order.reverse()) {
    places[index] = Math.max(0, Math.min(end - height, places[index]));
    end = places[index];
  }
  return places;
}
