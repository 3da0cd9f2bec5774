// @ts-check
/** Newest span of a series, to which further samples belong. */

export class OpenSpan {
  /**
   * @param {number} start time of its first sample, seconds since 1970
   * @param {number} [end] time of its newest sample
   * @param {number} [weight] samples in it so far
   */
  constructor(start, end = start, weight = 1) {
    this.start = start;
    this.end = end;
    this.weight = weight;
    /** Samples of each figure, once there are more than `weight`. @type {Map<string, number>} */
    this.counts = new Map();
  }

  /** @returns {number} time in the middle of its samples */
  get middle() {
    return (this.start + this.end) / 2;
  }

  /**
   * @param {string} key
   * @param {number | null} mean until now
   * @param {number} value that comes
   * @returns {number} mean with it
   */
  mean(key, mean, value) {
    const count = mean === null ? 0 : (this.counts.get(key) ?? this.weight);
    this.counts.set(key, count + 1);
    return ((mean ?? 0) * count + value) / (count + 1);
  }
}
