// @ts-check
/**
 * Where the one connection of all tabs lives, best first:
 *
 * - in a SharedWorker;
 * - where a browser has none, in the tab that holds a Web Lock, which the others reach by BroadcastChannel;
 * - else (no locks without HTTPS) in each tab by itself.
 *
 * All of them end in a port to a broker.
 */
import { Broker } from "./broker.js";

/** @typedef {import("./broker.js").Port} Port */

/** How long a SharedWorker may take to answer before a tab helps itself, milliseconds. */
const PATIENCE = 10_000;

/** Brokers in this very page, by what tells them apart. @type {Map<string, Broker>} */
const own = new Map();

/**
 * @param {string} [key] a page that embeds panels of several servers has a broker for each of them
 * @returns {Port} to a broker in this very page, which all that is on the page share
 */
export function portToOwnBroker(key = "") {
  let broker = own.get(key);
  if (!broker) {
    broker = new Broker();
    own.set(key, broker);
  }
  return portToBroker(broker);
}

/**
 * @param {string} build tabs of different versions must not share a worker, nor frames with different keys
 * @param {(port: Port) => void} connect called at once, and again when another broker takes over
 */
export function connectToSharedBroker(build, connect) {
  try {
    if (typeof SharedWorker === "function") connectToWorker(build, connect);
    else if (typeof BroadcastChannel === "function" && navigator.locks) connectToTab(build, connect);
    else connect(portToOwnBroker());
  } catch {
    // A frame of another site may have them and not be allowed to use them.
    connect(portToOwnBroker());
  }
}

/**
 * @param {string} build
 * @param {(port: Port) => void} connect
 */
function connectToWorker(build, connect) {
  const worker = new SharedWorker(new URL("./worker.js", import.meta.url), { type: "module", name: `vitals ${build}` });
  const alone = () => {
    clearTimeout(late);
    connect(portToOwnBroker());
  };
  const late = setTimeout(alone, PATIENCE);
  // The first answer shows that there is a worker, and not only a promise of one.
  worker.port.addEventListener("message", () => clearTimeout(late), { once: true });
  worker.onerror = alone;
  connect(worker.port);
}

/**
 * @param {string} build
 * @param {(port: Port) => void} connect
 */
function connectToTab(build, connect) {
  const name = `vitals ${build}`;
  const channel = new BroadcastChannel(name);
  const me = Math.random().toString(36).slice(2);
  /** @type {Port} */
  const port = {
    postMessage: (message) => channel.postMessage({ to: "broker", from: me, message }),
    onmessage: null,
  };
  channel.addEventListener("message", ({ data }) => {
    if (data.to === me) port.onmessage?.({ data: data.message });
    // Whoever had joined the one before joins the one that took over.
    else if (data.to === "everyone") connect(port);
  });
  connect(port);
  const lead = async () => {
    serveTabs(channel, new Broker(), (broker) => connect(portToBroker(broker)));
    await new Promise(() => {}); // until this tab goes
  };
  navigator.locks.request(name, lead).catch(() => connect(portToOwnBroker()));
}

/**
 * @param {BroadcastChannel} channel
 * @param {Broker} broker
 * @param {(broker: Broker) => void} started
 */
function serveTabs(channel, broker, started) {
  /** @type {Map<string, Port>} */
  const ports = new Map();
  channel.addEventListener("message", ({ data }) => {
    if (data.to !== "broker") return;
    let port = ports.get(data.from);
    if (!port) {
      port = {
        postMessage: (message) => {
          if (message.kind === "left") ports.delete(data.from);
          channel.postMessage({ to: data.from, message });
        },
        onmessage: null,
      };
      ports.set(data.from, port);
      broker.accept(port);
    }
    port.onmessage?.({ data: data.message });
    if (data.message.kind === "leave") ports.delete(data.from);
  });
  started(broker);
  channel.postMessage({ to: "everyone" });
}

/**
 * @param {Broker} broker
 * @returns {Port} to a broker in the same page
 */
export function portToBroker(broker) {
  /** @type {Port} */
  const near = { postMessage: (data) => far.onmessage?.({ data }), onmessage: null };
  /** @type {Port} */
  const far = { postMessage: (data) => queueMicrotask(() => near.onmessage?.({ data })), onmessage: null };
  broker.accept(far);
  return near;
}
