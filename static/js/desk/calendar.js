// @ts-check
/** Dialog that leads to a moment of the past, as far as the history reaches. */
import { readMoment, WINDOWS, writeMoment } from "../config/times.js";
import { reachOf } from "../panels/reach.js";
import { make, mark, write } from "../ui/dom.js";
import { moment } from "../ui/format.js";
import { Dialog } from "./dialog.js";

/** @param {import("./dialog.js").Wall} wall */
export function create({ grid, display }) {
  const dialog = new Dialog("Go to a moment", "calendar");
  const input = make("input", { id: "calendar-at", type: "datetime-local", step: "1", required: "", placeholder: "2026-11-20T14:00" });
  const hint = make("p", { class: "hint" });
  const problem = make("p", { class: "problem", role: "alert" });
  const field = make("p", { class: "field" }, make("label", { for: input.id }, "Charts end at"), input);
  const form = make("form", {}, field, hint, make("p", { class: "choices" }, make("button", { type: "submit", class: "plain main" }, "Go there")), problem);
  dialog.body.append(form);

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const at = readMoment(input.value);
    if (!(at < grid.clock.now())) return write(problem, "wanted is a time before now, such as 2026-11-20T14:00");
    const { held } = grid.timeWindow;
    grid.zoom(at - (held ? held.to - held.from : display.window), at);
    dialog.close();
  });

  /** Says how far back there are figures. */
  async function reach() {
    const begin = await reachOf(grid.stream.options, WINDOWS.most);
    if (begin === null) return;
    mark(input, "min", writeMoment(begin));
    write(hint, `The history begins about ${moment(begin)}.`);
  }

  return {
    open() {
      const now = Math.floor(grid.clock.now());
      input.value = writeMoment(Math.floor(grid.timeWindow.held?.to ?? now));
      mark(input, "max", writeMoment(now));
      write(problem, "");
      dialog.open();
      input.focus();
      reach().catch(console.warn); // Without it every moment is allowed.
    },
  };
}
