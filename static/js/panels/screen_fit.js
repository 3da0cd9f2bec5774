// @ts-check
/** Fits a wall to a screen that never scrolls: measures what stands above, and applies the plan for the rest. */
import { find, make, mark, write } from "../ui/dom.js";
import { OneLine } from "../ui/one_line.js";
import { columnsFor, presetFor } from "../config/presets.js";
import { lastSpan, screenPlan } from "./screen_plan.js";

/** @import { Display } from "../config/page_url.js" */
/** @import { PanelGrid } from "./panel_grid.js" */

/** Screens on which the desk's own layout fits; as in css/wall.css. */
const ONE_SCREEN = "(min-width: 1280px) and (min-height: 700px) and (min-aspect-ratio: 6/5)";

/** Parts of the header that may be left out. */
const OF_HEADER = ["facts", "words", "clock"];

export class ScreenFit {
  /**
   * @param {HTMLElement} root <html>
   * @param {Display} display
   * @param {PanelGrid} grid
   */
  constructor(root, display, grid) {
    this.root = root;
    this.display = display;
    this.grid = grid;
    this.header = new OneLine(find(root, ".bar"), OF_HEADER);
    this.tiles = grid.options.tilesInto ?? find(root, "[data-tiles]");
    this.omitted = make("p", { class: "omitted", role: "status" });
    this.tiles.parentElement?.append(this.omitted);
    this.observer = new ResizeObserver(() => this.fit());
    // The header's words change in length: the link's state, "all well".
    const around = find(root, "body").querySelectorAll(":scope > .bar, :scope > .notes, :scope > .banner, .bar > *");
    for (const element of [root, ...around]) this.observer.observe(element);
    document.fonts.addEventListener("loadingdone", () => this.fit());
  }

  fit() {
    // Another page has its turn.
    if (this.grid.hidden) {
      write(this.omitted, "");
      return;
    }
    this.header.fit();
    const { display, grid, root } = this;
    const rem = parseFloat(getComputedStyle(root).fontSize);
    const isDesk = display.distance === null && display.panels === null && display.columns === null;
    if (isDesk && matchMedia(ONE_SCREEN).matches) {
      this.#apply(null);
      return;
    }
    const preset = presetFor(display.distance);
    const cells = grid.places.reduce((sum, { across, down }) => sum + across * down, 0);
    this.#apply(
      screenPlan({
        width: innerWidth / rem,
        height: innerHeight / rem,
        above: this.tiles.getBoundingClientRect().top / rem,
        distance: /** @type {import("../config/presets.js").Distance | null} */ (display.distance),
        tiles: grid.tiles.length,
        panels: grid.places,
        columns: display.columns ?? (display.panels ? columnsFor(cells) : preset.columns),
      }),
    );
  }

  /** @param {import("./screen_plan.js").ScreenPlan | null} plan null: the style sheet's own layout */
  #apply(plan) {
    const { root, grid } = this;
    mark(root, "data-planned", plan ? "" : null);
    const hidden = plan ? /** @type {const} */ (["details", "legends", "sparklines"]).filter((part) => !plan[part]) : [];
    mark(root, "data-without", hidden.join(" ") || null);
    mark(root, "data-tiles-only", plan && plan.panels === 0 ? "" : null);
    if (plan) {
      root.style.setProperty("--digits", `${plan.digits.toFixed(3)}rem`);
      root.style.setProperty("--tile-columns", String(plan.tileColumns));
      grid.options.panelsInto.style.setProperty("--columns", String(plan.columns));
    }
    grid.tiles.forEach(({ element }, index) => {
      mark(element, "data-left-out", plan && index >= plan.tiles ? "" : null);
      element.style.setProperty("--across", String(plan && index === plan.tiles - 1 ? lastSpan(plan.tiles, plan.tileColumns) : 1));
    });
    const areOfOneCell = grid.places.every(({ across, down }) => across === 1 && down === 1);
    grid.panels.forEach(({ element }, index) => {
      mark(element, "data-left-out", plan && index >= plan.panels ? "" : null);
      if (!plan) return;
      const isLast = areOfOneCell && index === plan.panels - 1;
      const across = isLast ? lastSpan(plan.panels, plan.columns) : grid.places[index].across;
      element.style.setProperty("--across", String(Math.min(across, plan.columns)));
    });
    const tiles = plan ? grid.tiles.length - plan.tiles : 0;
    const panels = plan ? grid.panels.length - plan.panels : 0;
    const words = [tiles && `${tiles} ${tiles === 1 ? "number" : "numbers"}`, panels && `${panels} ${panels === 1 ? "panel" : "panels"}`].filter(Boolean);
    write(this.omitted, words.length ? `${words.join(" and ")} ${tiles + panels === 1 ? "does" : "do"} not fit` : "");
    this.omitted.hidden = !words.length;
  }
}
