// @ts-check
/** Printing: redraws the charts dark on white, and adds the time of printing. */
import { make } from "../ui/dom.js";
import { moment } from "../ui/format.js";

/** @param {import("./dialog.js").Wall} wall */
export function printWell({ root, grid, toolsInto }) {
  const printed = make("p", { class: "printed" });
  toolsInto.after(printed);
  let theme = "";

  /** @param {string} wanted */
  function draw(wanted) {
    if (root.dataset.theme === wanted) return;
    root.dataset.theme = wanted;
    grid.restyle();
    grid.renderLoop.draw();
  }

  addEventListener("beforeprint", () => {
    theme = root.dataset.theme ?? "dark";
    printed.textContent = `printed ${moment(Date.now() / 1000)}`;
    draw("light");
  });
  addEventListener("afterprint", () => draw(theme));
}
