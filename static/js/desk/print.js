// @ts-check
/** Printing: redraws the charts dark on white, and adds the time of printing. Loaded once somebody is there. */
import { make } from "../ui/dom.js";
import { moment } from "../ui/format.js";
import { loadStyle } from "./style.js";

/** @param {import("./dialog.js").Wall} wall */
export async function printWell({ root, grid, toolsInto }) {
  await loadStyle("print");
  const printed = make("p", { class: "printed" });
  toolsInto.after(printed);
  let theme = "";

  /** @param {string} wanted */
  function draw(wanted) {
    if (root.dataset.theme === wanted) return;
    root.dataset.theme = wanted;
    grid.restyle();
    grid.drawNow();
  }

  addEventListener("beforeprint", () => {
    theme = root.dataset.theme ?? "dark";
    printed.textContent = `printed ${moment(Date.now() / 1000)}`;
    draw("light");
  });
  addEventListener("afterprint", () => draw(theme));
}
