import assert from "node:assert/strict";
import test from "node:test";

import { fit } from "../../static/js/panels/table_panel.js";

const NAME = { title: "Name" };
const PERCENT = { title: "Full", unit: "%" };
const BYTES = { title: "Size", unit: "B" };
const DISKS = [NAME, { ...BYTES, title: "Used" }, BYTES, PERCENT];
const PROCESSES = [NAME, { title: "User" }, PERCENT, BYTES];

const room = (widths) => widths.slice(1).reduce((sum, width) => sum + width, 0);

test("figures have their room, and the names what is left", () => {
  const widths = fit(DISKS, 3, 30);
  assert.ok(widths.every((width) => width > 0));
  assert.ok(30 - room(widths) > 12);
});

test("columns are left out from the end, that by which rows are sorted last", () => {
  const titles = (columns, last, wide) => columns.filter((_, index) => fit(columns, last, wide)[index]).map(({ title }) => title);
  assert.deepEqual([20, 15, 11, 7].map((wide) => titles(DISKS, 3, wide)), [
    ["Name", "Used", "Size", "Full"],
    ["Name", "Used", "Full"],
    ["Name", "Full"],
    ["Name"],
  ]);
  assert.deepEqual(titles(PROCESSES, -1, 15), ["Name", "User", "Full"]);
});

test("whatever the room, names keep some of it, and texts that are shown, too", () => {
  for (let wide = 0.5; wide < 80; wide += 0.5) {
    for (const [columns, last] of [[DISKS, 3], [DISKS, 1], [PROCESSES, -1]]) {
      const widths = fit(columns, last, wide);
      assert.ok(wide - room(widths) >= 5.5 - 1e-9 || room(widths) === 0, `${wide}: ${widths}`);
      assert.ok(widths.every((width) => width === 0 || width > 3), `${wide}: ${widths}`);
    }
  }
});
