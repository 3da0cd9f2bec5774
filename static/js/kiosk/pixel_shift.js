// @ts-check
/**
 * Moves the page by a few pixels every few minutes, along a small square, so that the picture does not burn in.
 *
 * Only up and to the left: to the other sides the page would grow, and could be scrolled.
 */

/** Milliseconds between two moves. */
const PAUSE = 180_000;

/** In steps. */
const PATH = [[0, 0], [-1, 0], [-2, 0], [-2, -1], [-2, -2], [-1, -2], [0, -2], [0, -1]];

export class PixelShift {
  /**
   * @param {HTMLElement} element
   * @param {() => number} unit CSS pixels of the type size; the page's padding is three quarters of it
   */
  constructor(element, unit) {
    this.element = element;
    this.unit = unit;
    this.place = 0;
  }

  start() {
    this.#move();
    setInterval(() => {
      this.place = (this.place + 1) % PATH.length;
      this.#move();
    }, PAUSE);
  }

  #move() {
    const [x, y] = shiftAt(this.place, this.unit());
    this.element.style.setProperty("transform", `translate(${x}px, ${y}px)`);
    // Charts cache their position on the screen, and measure it again after a scroll.
    dispatchEvent(new Event("scroll"));
  }
}

/**
 * @param {number} place along the path
 * @param {number} unit CSS pixels of the type size
 * @returns {[number, number]} CSS pixels, even, so that they are whole pixels also on a screen of ratio 1.5
 */
export function shiftAt(place, unit) {
  const step = Math.max(2, 2 * Math.round(unit / 8));
  const [x, y] = PATH[place % PATH.length];
  return [x * step, y * step];
}
