// @ts-check
/** SharedWorker with the broker of all tabs and iframes of an origin. */
import "../ui/older_browsers.js";
import { Broker } from "./broker.js";

const broker = new Broker();

globalThis.addEventListener("connect", (event) => {
  const { ports } = /** @type {MessageEvent} */ (event);
  broker.accept(ports[0]);
});
