// @ts-check
/**
 * Ports to a broker: in a SharedWorker, so that all tabs of an origin share one connection; in the page
 * itself for a browser without shared workers, for a frame that may not use them, and for web components.
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
    else connect(portToOwnBroker());
  } catch {
    // A frame of another site may not be allowed to use workers.
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
