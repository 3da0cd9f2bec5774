// @ts-check
/**
 * Ports to a broker: in a SharedWorker, so that all tabs of an origin share one connection; in the page
 * itself for a browser without shared workers, for a frame that may not use them, and for web components.
 */
import { Broker } from "./broker.js";

/** @import { Port } from "./broker.js" */

/** Milliseconds without an answer of the SharedWorker after which a tab uses a broker of its own. */
const PATIENCE = 10_000;

/** Brokers in this page, by key. @type {Map<string, Broker>} */
const own = new Map();

/**
 * @param {string} [key] of a server, in a page that embeds panels of several
 * @returns {Port} to the broker in this page that has the key
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
 * @param {string} build name of the worker: tabs of different builds must not share one, nor frames with different keys
 * @param {(port: Port) => void} connect called at once, and again if the worker does not answer
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
  // The first answer shows that the worker runs.
  worker.port.addEventListener("message", () => clearTimeout(late), { once: true });
  worker.onerror = alone;
  connect(worker.port);
}

/**
 * @param {Broker} broker
 * @returns {Port} to a broker in this page
 */
export function portToBroker(broker) {
  /** @type {Port} */
  const near = { postMessage: (data) => far.onmessage?.({ data }), onmessage: null };
  /** @type {Port} */
  const far = { postMessage: (data) => queueMicrotask(() => near.onmessage?.({ data })), onmessage: null };
  broker.accept(far);
  return near;
}
