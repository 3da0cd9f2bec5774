// @ts-check
/** Groups of machines that are ordered by them: a name above each. */
import { make } from "../ui/dom.js";

/** @import { Host } from "./host.js" */

/**
 * @param {readonly Host[]} order by group
 * @returns {(Host | string)[]} each group's name before its machines
 */
export function withGroups(order) {
  return order.flatMap((machine, index) => (machine.group === order[index - 1]?.group ? [machine] : [machine.group, machine]));
}

/**
 * @param {readonly Host[]} order by group
 * @returns {number[]} number of machines in each group
 */
export function groupSizes(order) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { group } of order) counts.set(group, (counts.get(group) ?? 0) + 1);
  return [...counts.values()];
}

/**
 * @param {string} group
 * @returns {{element: HTMLElement}}
 */
export function groupName(group) {
  return { element: make("li", { class: "group" }, group || "no group") };
}
