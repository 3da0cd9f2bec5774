// @ts-check
/** Thin strip with the times at which alerts were open, over the stretch of time that the page shows. */
import { make, mark } from "../ui/dom.js";
import { KeyedList } from "../ui/keyed_list.js";

/** @import { Known, Past } from "../state/alert_facts.js" */
/** @import { Alert } from "./alerts.js" */
/** @import { View } from "./panel.js" */
/** @typedef {{key: string, level: string, words: string, faded: boolean, left: number, width: number}} Span left and width as shares of the strip */

/** Most alerts in a strip; the newest stay. */
const MOST = 100;

const LEVELS = ["info", "warning", "critical"];

/**
 * @param {readonly {alert: Alert, known: Known | null}[]} open
 * @param {readonly Past[]} past the last to begin first
 * @param {Pick<View, "from" | "to" | "now">} view
 * @returns {Span[]} those that reach into the view, the gravest last, which is drawn above the others
 */
export function spansIn(open, past, { from, to, now }) {
  const times = [
    ...open.map(({ alert, known }) => ({ key: alert.key, level: alert.level, words: alert.message, faded: known !== null, begin: alert.since, end: now })),
    ...past.map(({ alert, host, from: begin, to: end, level, message }) => ({ key: `${alert}@${host} ${begin} over`, level, words: message || alert, faded: false, begin, end: end ?? begin })),
  ];
  const share = (/** @type {number} */ time) => Math.min(1, Math.max(0, (time - from) / (to - from)));
  return times
    .filter(({ begin, end }) => begin < to && end > from)
    .slice(0, MOST)
    .sort((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level))
    .map(({ begin, end, ...span }) => ({ ...span, left: share(begin), width: share(end) - share(begin) }));
}

export class AlertStrip {
  constructor() {
    this.element = make("div", { class: "alert-strip", "aria-hidden": "true" });
    /** @type {KeyedList<Span, void, {element: HTMLElement}>} */
    this.spans = new KeyedList(this.element, {
      key: ({ key }) => key,
      make: ({ level, words }) => ({ element: make("i", { "data-severity": level, title: words }) }),
      fill: ({ element }, { left, width, faded }) => {
        element.style.left = `${100 * left}%`;
        element.style.width = `${100 * width}%`;
        mark(element, "data-faded", faded ? "" : null);
      },
    });
  }

  /** @param {Span[]} spans */
  show(spans) {
    this.element.hidden = spans.length === 0;
    this.spans.show(spans);
  }
}
