// @ts-check
/** Panel of events without a cadence, which are never stale. */
import { write } from "../ui/dom.js";
import { wholeAge } from "../ui/format.js";
import { Panel } from "./panel.js";

/** @import { View } from "./panel.js" */

export class EventPanel extends Panel {
  /**
   * @param {object} about
   * @param {string} about.name
   * @param {string} about.event
   * @param {string} about.title
   * @param {string} about.nothing notice while there is none
   */
  constructor({ name, event, title, nothing }) {
    super({ event, title, className: "panel journal", attributes: { "data-panel": name } });
    this.nothing = nothing;
  }

  /**
   * @param {View} view
   * @returns {boolean}
   */
  refresh({ eventLists, now }) {
    const items = this.items(eventLists);
    const newest = items[items.length - 1];
    const changed = this.setFreshness(newest ? "fresh" : "waiting");
    write(this.age, newest ? wholeAge(now - Number(newest.data.time)) : "");
    write(this.notice, newest ? "" : this.nothing);
    return changed;
  }

  /**
   * @param {import("../state/event_lists.js").EventLists} lists
   * @returns {readonly import("../state/event_lists.js").Item[]} oldest first
   */
  items(lists) {
    return lists.items(this.event);
  }
}
