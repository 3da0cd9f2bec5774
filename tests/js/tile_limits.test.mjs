import assert from "node:assert/strict";
import test from "node:test";

import { TILES } from "../../static/js/panels/tile_specs.js";

const GIB = 1 << 30;

/** @param {string} name @param {object} data */
function detail(name, data) {
  const tile = TILES.find((each) => each.name === name);
  return tile.read(data).detail.replaceAll("\u00a0", " ");
}

test("memory says the limit of a container", () => {
  const data = { percent: 25, used: 8 * GIB, total: 32 * GIB };
  assert.equal(detail("memory", data), "8.0 GiB of 32 GiB");
  const limited = { ...data, limit: 2 * GIB, limit_used: GIB };
  assert.equal(detail("memory", limited), "8.0 GiB of 32 GiB · 1.0 GiB of 2.0 GiB (limit)");
});

test("cpu says the limit of a container", () => {
  const data = { percent: 25, user: 20, system: 5, limit: null };
  assert.equal(detail("cpu", data), "user 20 % · system 5.0 %");
  assert.equal(detail("cpu", { ...data, limit: 1.5 }), "user 20 % · system 5.0 % · of 1.5 CPUs (limit)");
});
