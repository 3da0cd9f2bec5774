// Figures by their names: which event, where in it, and how they are written.
import assert from "node:assert/strict";
import test from "node:test";
import { Catalogue } from "../../static/js/config/catalogue.js";
import { linesOf } from "../../static/js/panels/figure_lines.js";
import { valueOf } from "../../static/js/panels/named_values.js";
import { CATALOGUE } from "./catalogue.mjs";

const DATA = {
  cpu: { percent: 12.34, user: 10, cores: [1, 99.95], frequency_mhz: 2399.6 },
  memory: { available: 3 * 2 ** 30, swap_percent: null },
  load: { load1: 0.5, cpus: 8 },
  disk: { reads_per_second: 12.345, devices: { sda: { read_bytes_per_second: 1_500_000 } } },
  filesystem: { mounts: [{ mountpoint: "/", percent: 20, total: 1 }, { mountpoint: "/var", percent: 71, total: 2 ** 40 }] },
  pressure: { io_full: 3 },
  sensors: { temperatures: [{ label: "a", celsius: 40 }, { label: "b", celsius: 61.4 }], fans: [{ label: "f", rpm: 900 }] },
  system: { uptime_seconds: 90_000, users: 2 },
  deploy: { took: 12.3456, version: "1.2" },
};

/** @param {string} name */
function written(name) {
  const value = valueOf(name, CATALOGUE);
  const { value: figure } = value.read(DATA[value.event]);
  const { number, unit } = value.format(figure);
  return [figure, `${number} ${unit}`.trim().replaceAll("\u00a0", " ")];
}

for (const [name, figure, words] of [
  ["cpu.percent", 12.34, "12 %"],
  ["cpu.user", 10, "10 %"],
  ["cpu.cores.1", 99.95, "100 %"],
  ["cpu.frequency_mhz", 2399.6, "2400 MHz"],
  ["memory.available", 3 * 2 ** 30, "3.0 GiB"],
  ["memory.swap_percent", null, "— %"],
  ["load.load1", 0.5, "0.50"],
  ["load.cpus", 8, "8"],
  ["disk.reads_per_second", 12.345, "12.35 /s"],
  ["disk.devices.sda.read_bytes_per_second", 1_500_000, "1.5 MB/s"],
  ["filesystem.percent", 71, "71 %"],
  ["filesystem.mounts./.percent", 20, "20 %"],
  ["filesystem.mounts./var.total", 2 ** 40, "1.0 TiB"],
  ["pressure.io_full", 3, "3.0 %"],
  ["sensors.celsius", 61.4, "61 °C"],
  ["sensors.temperatures.a.celsius", 40, "40 °C"],
  ["sensors.fans.f.rpm", 900, "900 rpm"],
  ["system.uptime_seconds", 90_000, "1 d 1 h"],
  ["system.users", 2, "2"],
  ["deploy.took", 12.3456, "12.35"],
  ["deploy.version", null, "—"],
  ["deploy.nothing", null, "—"],
]) {
  test(`${name} is ${words}`, () => assert.deepEqual(written(name), [figure, words]));
}

test("the highest of a list is read with its item, by which rules know it", () => {
  const { column } = valueOf("filesystem.percent", CATALOGUE).read(DATA.filesystem);
  assert.equal(column, "mounts./var.percent");
  assert.equal(valueOf("filesystem.percent", CATALOGUE).read({ percent: 3, ...DATA.filesystem }).column, "percent");
});

test("a line of an event's own figure is not called as the items of a list", () => {
  const catalogue = new Catalogue({ figures: [{ name: "queue.lists.*.length", title: "List", unit: "ms", source: "declared" }] });
  const store = { latest: () => ({ length: 1, lists: [{ name: "a", length: 2 }] }), series: () => ({ columns: new Map() }) };
  for (const part of [{ event: "queue", field: null, hosts: null }, { event: "queue", field: "length", hosts: null }]) {
    const [line] = linesOf([part], catalogue, { store, host: "box", machines: null });
    assert.deepEqual([line.field, line.row.title, line.row.unit], ["length", "Queue length", ""]);
  }
  assert.equal(linesOf([{ event: "queue", field: "length", hosts: null }], catalogue, { store: { latest: () => ({ lists: [] }) }, host: "box", machines: null })[0].row.title, "List");
});

test("what is no name is none", () => {
  for (const name of ["", "cpu", "cpu.", ".percent", "CPU.percent", "1.x"]) assert.equal(valueOf(name, CATALOGUE), null);
});
