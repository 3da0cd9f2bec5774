// @ts-check
/** Button that copies a text, also without HTTPS, where browsers have no clipboard interface. */
import { make } from "../ui/dom.js";

/** Milliseconds for which a button shows the outcome. */
const SAID = 2000;

/**
 * @param {string} name
 * @param {() => string} text
 * @returns {HTMLElement} button, with a status line for screen readers
 */
export function copyButton(name, text) {
  const words = make("span", {}, "Copy");
  const heard = make("span", { class: "unseen", role: "status" });
  const button = make("button", { type: "button", class: "plain", "aria-label": name, "data-copy": "" }, words);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  button.addEventListener("click", async () => {
    const said = (await copy(text(), button)) ? "Copied" : "Not allowed: copy it by hand";
    words.textContent = said;
    heard.textContent = said;
    clearTimeout(timer);
    timer = setTimeout(() => {
      words.textContent = "Copy";
      heard.textContent = "";
    }, SAID);
  });
  return make("span", { class: "copy" }, button, heard);
}

/**
 * @param {string} text
 * @param {HTMLElement} beside element of the open dialog; outside of it nothing can be selected
 * @returns {Promise<boolean>} false if the browser refused
 */
async function copy(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make("textarea", { class: "unseen", readonly: "" });
    field.value = text;
    beside.after(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    beside.focus();
    return done;
  }
}
