// @ts-check
/** Copying text, also where the clipboard's own interface is not there: it needs HTTPS. */
import { make } from "../ui/dom.js";

/** How long a button says what it has done, milliseconds. */
const SAID = 2000;

/**
 * @param {string} name
 * @param {() => string} text
 * @returns {HTMLElement} a button, and what a screen reader hears of it
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
 * @param {HTMLElement} beside an element of the dialog that is open: nothing else can be selected
 * @returns {Promise<boolean>} whether it was copied
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
