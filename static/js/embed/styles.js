// @ts-check
/** Style sheets of a web component, from the server that this module came from. */
import { make } from "../ui/dom.js";

/**
 * @param {ShadowRoot} root
 * @param {string[]} names of files below /static
 * @returns {Promise<unknown>} rejected if one of them cannot be loaded
 */
export function attachStyles(root, names) {
  const links = names.map((name) => {
    const { href } = new URL(`../../${name}`, import.meta.url);
    const link = make("link", { rel: "stylesheet", crossorigin: "anonymous", href });
    return new Promise((resolve, reject) => {
      link.addEventListener("load", resolve);
      link.addEventListener("error", () => reject(new Error(href)));
      root.append(link);
    });
  });
  return Promise.all(links);
}
