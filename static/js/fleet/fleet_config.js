// @ts-check
/** Settings that the server passes to the overview beyond those of every page. */
import { readSettings } from "../config/server_config.js";

/** @typedef {import("../config/server_config.js").Settings & {alertsUrl: string, hostUrl: string, compareUrl: string, retention: number, machines: number}} FleetSettings */

/**
 * @param {HTMLElement} root
 * @returns {FleetSettings}
 */
export function readFleetSettings(root) {
  const given = root.dataset;
  return {
    ...readSettings(root),
    alertsUrl: given.alerts ?? "/alerts",
    compareUrl: given.compare ?? "/",
    hostUrl: given.hosts ?? "/host/",
    retention: Number(given.retention) || Infinity,
    machines: Number(given.machines) || 0,
  };
}
