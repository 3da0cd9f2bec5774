// Names of panels of figures in an address.
import assert from "node:assert/strict";
import test from "node:test";
import { readFigure, readParts, writeFigure } from "../../static/js/config/figure_name.js";
import { readAddress, writeAddress } from "../../static/js/config/page_url.js";

const EVENTS = ["queue", "app.jobs"];

test("a name is an event and a field, and perhaps machines", () => {
  assert.deepEqual(readParts("queue.length", []), [{ event: "queue", field: "length", hosts: null }]);
  assert.deepEqual(readParts("queue.length~queue.oldest", []).map(({ field }) => field), ["length", "oldest"]);
  assert.deepEqual(readParts("filesystem.mounts./home.percent", []), [{ event: "filesystem", field: "mounts./home.percent", hosts: null }]);
  assert.deepEqual(readParts("cpu.percent@web-*", []), [{ event: "cpu", field: "percent", hosts: "web-*" }]);
  assert.deepEqual(readParts("cpu.percent@web-1~@db-1", []).map(({ event, hosts }) => `${event}@${hosts}`), ["cpu@web-1", "cpu@db-1"]);
});

test("an event that is known stands for all its figures, and may have dots", () => {
  assert.deepEqual(readFigure("queue", EVENTS), { event: "queue", field: null });
  assert.deepEqual(readFigure("app.jobs.waiting", EVENTS), { event: "app.jobs", field: "waiting" });
  assert.deepEqual(readFigure("app.jobs", []), { event: "app", field: "jobs" });
  assert.equal(readFigure("nosuch", EVENTS), null);
});

test("signs that separate names stand in a field as percent codes", () => {
  const name = "units.units.user@1000.service:a,b~100%.cpu_percent";
  const written = writeFigure(name);
  const { display, problems } = readAddress(`panels=${encodeURIComponent(`${written}@web-*~queue.100%,${written}`)}&tiles=${encodeURIComponent(written)}`, { panels: [], tiles: [], events: [] });
  assert.deepEqual(problems, []);
  assert.deepEqual(readAddress(writeAddress(display), { panels: [], tiles: [], events: [] }).display, display, "read again as it was written");
  const [first, second] = display.panels.map((place) => readParts(place.name, []));
  assert.deepEqual(first.map(({ event, field, hosts }) => [event, field, hosts]), [["units", name.slice(6), "web-*"], ["queue", "100%", null]]);
  assert.deepEqual(second, [{ event: "units", field: name.slice(6), hosts: null }]);
  assert.equal(readFigure(display.tiles[0], [])?.field, name.slice(6));
});

test("what is no name is none", () => {
  for (const name of ["", ".", "queue.", ".length", "Queue.length", "queue.a\u0000b", "queue.length@", "queue.length@we b", "~", "@web-1", `queue.${"x".repeat(201)}`]) {
    assert.equal(readParts(name, EVENTS), null, JSON.stringify(name));
  }
  assert.equal(readParts(Array(101).fill("a.b").join("~"), []), null);
});

test("an address has figures among the panels and tiles, and is written as it was read", () => {
  const known = { panels: ["cpu"], tiles: ["cpu"], events: EVENTS };
  const query = "panels=queue.length:2x1,cpu,queue,cpu.percent@web-*~@db-1&tiles=queue.length,cpu&marks=deploy,notice";
  const { display, problems } = readAddress(query, known);
  assert.deepEqual(problems, []);
  assert.deepEqual(display.panels.map(({ name }) => name), ["queue.length", "cpu", "queue", "cpu.percent@web-*~@db-1"]);
  assert.deepEqual(display.marks, ["deploy", "notice"]);
  assert.equal(writeAddress(display), query);
  const { problems: wrong } = readAddress("panels=nope&tiles=queue&marks=A", known);
  assert.match(wrong[0], /there is no "nope"; there are cpu, and figures such as queue.length/);
  assert.match(wrong[1], /there is no "queue"; there are cpu/);
  assert.match(wrong[2], /names of events, or none/);
});
