// @ts-check
/** Rows of open alerts, with what the server knows of them, for the banner and the panel. */
import { AlertFacts } from "../state/alert_facts.js";
import { make, mark, write } from "../ui/dom.js";
import { clock, minute, moment, span } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";
import { openAlerts } from "./alerts.js";

/** @import { Known } from "../state/alert_facts.js" */
/** @import { Alert } from "./alerts.js" */
/** @import { AlertSource, View } from "./panel.js" */
/** @typedef {{alert: Alert, known: Known | null, unsure?: boolean}} Row unsure: its machine is silent, so nobody can say whether it holds */

export const MARKS = { info: "ℹ", warning: "▲", critical: "◆" };

/** Seconds after which a time needs its date. */
export const DAY = 72_000;

/** @type {WeakMap<AlertSource, AlertFacts>} */
const known = new WeakMap();

/**
 * @param {Pick<View, "alertSource">} view
 * @returns {AlertFacts | null} null: the page has none
 */
export function factsOf({ alertSource }) {
  if (!alertSource) return null;
  let facts = known.get(alertSource);
  if (!facts) known.set(alertSource, (facts = new AlertFacts(alertSource.url, alertSource.host, alertSource.changed)));
  return facts;
}

/**
 * @param {Pick<View, "alertSource" | "eventLists" | "now">} view
 * @returns {Row[]} open alerts of a page with what is known of them
 */
export function openIn(view) {
  const { eventLists, now } = view;
  const facts = factsOf(view);
  const items = eventLists.items("alert");
  facts?.follow(items, eventLists.items("silence"));
  return openAlerts(items).map((alert) => {
    const name = `${alert.name}@${alert.host}`;
    const found = facts?.known.get(name) ?? null;
    return { alert, known: found && found.until > now ? found : null, unsure: facts?.unknown.has(name) };
  });
}

/**
 * @param {Known} known
 * @param {number} now
 */
export function knownWords({ acknowledged, by, until, why }, now) {
  return `${acknowledged ? "acknowledged" : "silenced"}${by ? ` by ${by}` : ""} until ${until - now < DAY ? minute(until) : moment(until)}${why ? `: ${why}` : ""}`;
}

/**
 * @param {HTMLElement} element
 * @param {((alert: Alert) => void) | null} acknowledge null: rows have no button
 */
export function alertList(element, acknowledge) {
  return new KeyedList(element, {
    key: ({ alert }) => alert.key + alert.level,
    make: (/** @type {Row} */ { alert }) => {
      const since = make("span", { class: "since" });
      const level = make("strong", {}, `${MARKS[alert.level]} ${alert.level}`);
      const message = make("span", { class: "message" });
      const known = make("span", { class: "known" });
      const end = make("span", { class: "end" }, since);
      const row = make("li", { "data-alert": alert.name, "data-severity": alert.level }, level, message, known, end);
      if (acknowledge) {
        const button = make("button", { type: "button" }, "acknowledge");
        button.addEventListener("click", () => acknowledge(alert));
        end.append(button);
      }
      return { element: row, message, known, since };
    },
    fill: (row, { alert, known, unsure }, /** @type {number} */ now) => {
      mark(row.element, "data-known", known ? "" : null);
      write(row.message, alert.message);
      write(row.known, known ? knownWords(known, now) : unsure ? "unknown, as the machine is silent" : "");
      write(row.since, `since ${clock(alert.since)}, for ${span(Math.max(0, now - alert.since))}`);
    },
  });
}
