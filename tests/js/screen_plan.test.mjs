// What a screen that never scrolls shows.
import assert from "node:assert/strict";
import test from "node:test";
import { DESK, DISTANCES } from "../../static/js/config/presets.js";
import { GAP, lastSpan, OMITTED, screenPlan } from "../../static/js/panels/screen_plan.js";

const SIZES = [
  [320, 480], [390, 844], [768, 1024], [800, 480], [1024, 600], [1080, 1920], [1280, 720],
  [1366, 768], [1600, 1200], [1920, 1080], [2160, 3840], [2560, 1080], [3440, 1440], [3840, 2160],
]; // prettier-ignore
const ZOOM = { null: 1, "2m": 1.25, "4m": 1.7, "8m": 2.5 };
const EVERY = [null, "2m", "4m", "8m"];

/** The room of a size in px, as css/wall.css makes rem of it. */
function room([width, height], distance, { alerts = 0, header = 3.5, ...rest } = {}) {
  const rem = Math.max(10, Math.min(Math.max(width, height) / 120, Math.min(width, height) / 67.5)) * ZOOM[distance];
  const preset = distance === null ? DESK : DISTANCES[distance];
  return {
    width: width / rem,
    height: height / rem,
    above: GAP + header + GAP + (alerts ? 0.2 * (height / rem) + GAP : 0),
    distance,
    tiles: preset.tiles.length,
    panels: preset.panels.map(() => ({ across: 1, down: 1 })),
    columns: preset.columns,
    ...rest,
  };
}

test("nothing is taller than the screen, and something is always shown", () => {
  for (const size of SIZES) {
    for (const distance of EVERY) {
      for (const alerts of [0, 6]) {
        const given = room(size, distance, { alerts });
        const plan = screenPlan(given);
        const what = `${size} ${distance} ${alerts} alerts: ${JSON.stringify(plan)}`;
        assert.ok(plan.tiles >= 1, what);
        const rows = Math.ceil(plan.tiles / plan.tileColumns);
        const tile = plan.digits * 1.12 + 2.7 + (plan.details ? 1.5 : 0) + (plan.sparklines ? 3.4 : 0);
        const panels = Math.ceil(plan.panels / plan.columns);
        const isWhole = plan.tiles === given.tiles && plan.panels === given.panels.length;
        const height = given.above + rows * (tile + GAP) + panels * (8 + GAP) + GAP + (isWhole ? 0 : OMITTED);
        assert.ok(height <= given.height + 0.01, `${height} of ${given.height}: ${what}`);
        assert.ok(plan.digits * 2.9 < (given.width - GAP) / plan.tileColumns, what);
      }
    }
  }
});

test("a full screen shows everything, in the size that its distance asks for", () => {
  for (const distance of EVERY) {
    const given = room([1920, 1080], distance);
    const plan = screenPlan(given);
    assert.deepEqual([plan.tiles, plan.panels], [given.tiles, given.panels.length], String(distance));
    const share = { null: 0, "2m": 0.1, "4m": 0.17, "8m": 0.25 }[distance];
    assert.ok(plan.digits / given.height >= share, `${distance}: ${plan.digits / given.height}`);
  }
});

test("digits stay readable with alerts on the screens that a distance is for", () => {
  for (const size of SIZES.filter(([width, height]) => Math.min(width, height) >= 700)) {
    for (const distance of ["2m", "4m", "8m"]) {
      const given = room(size, distance, { alerts: 6 });
      const wanted = { "2m": [0.1, 0.14], "4m": [0.175, 0.24], "8m": [0.3, 0.4] }[distance];
      const asked = Math.min(given.height * wanted[0], given.width * wanted[1]);
      assert.ok(screenPlan(given).digits >= asked * 0.5, `${size} ${distance}`);
    }
  }
});

test("details go first, then legends, then sparklines, then panels, then tiles", () => {
  const seen = [];
  for (let height = 80; height > 8; height -= 0.5) {
    const { details, legends, sparklines, panels, tiles } = screenPlan({ ...room([1920, 1080], null), height });
    const all = panels === DESK.panels.length;
    const now = tiles < 5 ? "tiles" : !all ? "panels" : !sparklines ? "sparklines" : !legends ? "legends" : !details ? "details" : "";
    if (seen.at(-1) !== now) seen.push(now);
  }
  assert.deepEqual(seen, ["", "details", "legends", "sparklines", "panels", "tiles"].filter((part) => seen.includes(part)));
  assert.ok(seen.includes("panels") && seen.includes("tiles"));
});

test("a larger panel takes its cells", () => {
  const panels = [{ across: 2, down: 2 }, { across: 1, down: 1 }];
  const plan = screenPlan({ ...room([1920, 1080], "2m"), panels, columns: 2 });
  assert.equal(plan.panels, 2);
  const low = screenPlan({ ...room([1920, 1080], "2m"), height: 22, panels, columns: 2 });
  assert.ok(low.panels < 2);
});

test("the last of a row fills it", () => {
  assert.deepEqual([lastSpan(5, 3), lastSpan(6, 3), lastSpan(4, 3), lastSpan(1, 1), lastSpan(0, 2)], [2, 1, 3, 1, 1]);
});
