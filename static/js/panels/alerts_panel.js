// @ts-check
/** Panel of the open alerts, and of those that are over. */
import { make, write } from "../ui/dom.js";
import { minute, moment, span } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { AlertStrip, spansIn } from "./alert_strip.js";
import { alertList, DAY, factsOf, MARKS, openIn } from "./alert_rows.js";
import { unbroken } from "./alerts.js";
import { EventPanel } from "./event_panel.js";
import { WholeRows } from "./whole_rows.js";

/** @import { Past } from "../state/alert_facts.js" */
/** @import { Alert } from "./alerts.js" */
/** @import { View } from "./panel.js" */

/** Most past alerts in a panel. */
const MOST_PAST = 50;

export class AlertsPanel extends EventPanel {
  constructor() {
    super({ name: "alerts", event: "alert", title: "Alerts", nothing: "No alert is open" });
    const list = make("ul", { class: "alert-list" });
    const past = make("div", { class: "past-alerts" });
    this.strip = new AlertStrip();
    this.body.append(list, this.strip.element, past);
    const more = make("span", { class: "labels", "data-more": "" });
    this.mark.before(more);
    this.whole = new WholeRows(this.body, list, more, 1);
    this.alerts = alertList(list, null);
    /** @type {KeyedList<Past, number, {element: HTMLAnchorElement, times: HTMLElement}>} */
    this.past = new KeyedList(past, {
      key: ({ alert, host, from }) => `${alert}@${host} ${from}`,
      make: ({ level, alert, message, url }) => {
        const times = make("span", { class: "since" });
        const sign = MARKS[/** @type {Alert["level"]} */ (level)] ?? MARKS.warning;
        // An address of this server; one of a link's frame leads to the page itself.
        const row = make("a", { href: url, target: "_top", "data-past": alert, "data-severity": level }, make("strong", {}, `${sign} ${level}`), make("span", { class: "message" }, unbroken(message || alert)), times);
        return { element: row, times };
      },
      fill: ({ times }, { from, to, duration, worst }, now) => {
        const when = (/** @type {number} */ time) => (now - time < DAY ? minute(time) : moment(time));
        write(times, [`${when(from)} – ${to === null ? "?" : when(to)}`, duration === null ? "" : span(duration), worst === null ? "" : `worst ${Number(worst.toPrecision(4))}`].filter(Boolean).join(", "));
      },
    });
  }

  /**
   * @param {View} view
   * @returns {boolean}
   */
  refresh(view) {
    const facts = factsOf(view);
    if (facts) facts.wantsPast = true;
    const changed = super.refresh(view);
    // Past alerts are older than what the log has.
    return facts?.past.length ? this.setFreshness("fresh") || changed : changed;
  }

  /** @param {View} view */
  draw(view) {
    const open = openIn(view);
    const past = factsOf(view)?.past ?? [];
    this.alerts.show(open, view.now);
    this.strip.show(spansIn(open, past, view));
    this.past.show(past.slice(0, MOST_PAST), view.now);
    write(this.notice, open.length ? "" : this.nothing);
  }

  destroy() {
    this.whole.destroy();
  }
}
