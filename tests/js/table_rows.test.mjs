import assert from "node:assert/strict";
import test from "node:test";

import { tableSpec } from "../../static/js/panels/table_rows.js";

const name = { title: "Name", field: "name", unit: "text" };
const share = { title: "CPU", field: "cpu_percent", unit: "%" };
const spec = tableSpec({
  name: "processes",
  event: "processes",
  title: "Processes",
  kind: "table",
  rows: "top",
  columns: [name, { title: "User", field: "user", unit: "text" }, share],
  more: [{ rows: "others", title: "ended, and others", columns: [{ ...name, field: "@key" }, null, share] }],
});

test("one object is a row below a list's, with the name that the catalogue gives it", () => {
  const top = [{ name: "python3", user: "ada", cpu_percent: 250 }];
  const cells = (data) => spec.rows(data).map((row) => row.cells.map((cell) => cell.replace(/\s/g, " ")));
  assert.deepEqual(cells({ top, others: { cpu_percent: 12 } }), [
    ["python3", "ada", "250 %"],
    ["ended, and others", "", "12 %"],
  ]);
  assert.deepEqual(cells({ top, others: null }).length, 1);
  assert.deepEqual(cells({ top }).length, 1);
});
