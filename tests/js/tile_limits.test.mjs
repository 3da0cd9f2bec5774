import assert from "node:assert/strict";
import test from "node:test";

import { tileSpec } from "../../static/js/panels/tile_spec.js";
import { CATALOGUE } from "./catalogue.mjs";

const GIB = 1 << 30;

/** @param {string} name @param {object} data */
function detail(name, data) {
  const tile = tileSpec(CATALOGUE.tiles.get(name), CATALOGUE);
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

test("the fullest disk is told with its place, and without one that there is none", () => {
  const mounts = [{ mountpoint: "/", percent: 20, used: GIB, total: 5 * GIB }, { mountpoint: "/var", percent: 71, used: 0, total: 2 * GIB }];
  assert.equal(detail("filesystem", { mounts }), "/var · 0 B of 2.0 GiB");
  assert.equal(detail("filesystem", { mounts: [] }), "no disks");
  const [mount] = mounts;
  assert.equal(detail("filesystem", { mounts: [{ ...mount, mountpoint: "/ארכיון" }] }), "\u2068/ארכיון\u2069 · 1.0 GiB of 5.0 GiB");
});

test("errors of the network are told where there are any", () => {
  assert.equal(detail("sent", { sent_bytes_per_second: 1, errors_per_second: 0 }), "no errors");
  assert.match(detail("received", { received_bytes_per_second: 1, errors_per_second: 2.5 }), /^▲ 2\.5 .*errors/);
});
