// @ts-check
/** The SharedWorker that holds the one stream of all tabs and frames of an origin. */
import { Broker } from "./broker.js";

const broker = new Broker();

globalThis.addEventListener("connect", (event) => {
  const { ports } = /** @type {MessageEvent} */ (event);
  broker.accept(ports[0]);
});
