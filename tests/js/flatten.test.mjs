import assert from "node:assert/strict";
import test from "node:test";
import { flatten } from "../../static/js/state/flatten.js";

const everything = () => true;

test("numbers and nulls become columns, words do not", () => {
  const row = flatten({ host: "box", time: 1, percent: 0, idle: null, name: "x", up: true }, everything);
  assert.deepEqual([...row], [["percent", 0], ["idle", null]]);
});

test("lists of numbers go by position", () => {
  assert.deepEqual([...flatten({ cores: [1, null, 3] }, everything)], [["cores.0", 1], ["cores.1", null], ["cores.2", 3]]);
});

test("objects in lists go by mount point, label or name, and not at all without", () => {
  const data = { mounts: [{ mountpoint: "/var", percent: 7 }], temperatures: [{ label: "k10", celsius: 40 }], fans: [{ rpm: 1 }] };
  assert.deepEqual([...flatten(data, everything)], [["mounts./var.percent", 7], ["temperatures.k10.celsius", 40]]);
});

test("the items of a ranking have no names", () => {
  const data = { queues: [{ name: "mail", length: 3 }], top: [{ name: "init", cpu: 1 }], stop: [{ name: "a", of: 2 }] };
  assert.deepEqual([...flatten(data, everything)], [["queues.mail.length", 3], ["stop.a.of", 2]]);
});

test("objects go by their keys", () => {
  assert.deepEqual([...flatten({ devices: { sda: { busy: 3 } } }, everything)], [["devices.sda.busy", 3]]);
});

test("only what is wanted is kept", () => {
  const row = flatten({ percent: 1, cores: [2, 3] }, (key) => key === "cores.1");
  assert.deepEqual([...row], [["cores.1", 3]]);
});
