// The addresses of the overview: what is understood, what is named as wrong, and what is kept in links.
import assert from "node:assert/strict";
import test from "node:test";
import { displayQuery, fleetQuery, matcher, readFleetAddress } from "../../static/js/fleet/fleet_url.js";

test("its own keys, and those of every display", () => {
  const asked = readFleetAddress("?sort=group&metric=cpu.percent&host=web-*,db-1&distance=4m&kiosk=1&theme=light&screen=hall");
  assert.deepEqual(asked.problems, []);
  assert.equal(asked.sort, "group");
  assert.equal(asked.metric, "cpu.percent");
  assert.deepEqual(asked.hosts, ["web-*", "db-1"]);
  assert.equal(asked.display.kiosk, true);
  assert.equal(asked.display.shift, true);
  assert.equal(displayQuery(asked.display), "?theme=light&distance=4m&kiosk=1&screen=hall");
  assert.equal(fleetQuery(asked, { sort: "name" }), "?sort=name&metric=cpu.percent&host=web-*,db-1&theme=light&distance=4m&kiosk=1&screen=hall");
  assert.equal(fleetQuery(readFleetAddress(""), {}), "");
});

test("what is wrong is named, and the rest counts", () => {
  const asked = readFleetAddress("?sort=size&metric=cpu&host=a%20b&panels=cpu&colour=red&theme=light&sort=name");
  assert.equal(asked.problems.length, 6);
  for (const [index, word] of ["more than once", "worst, name, group", "cpu.percent", "web-*", "/host/NAME", "colour"].entries()) {
    assert.match(asked.problems[index], new RegExp(word.replaceAll("*", "\\*")));
  }
  assert.equal(asked.sort, null);
  assert.equal(asked.metric, null);
  assert.deepEqual(asked.hosts, []);
  assert.equal(asked.display.theme, "light");
});

test("a star stands for any run of characters, and nothing else is special", () => {
  const wants = matcher(["web-*", "*.lan", "db.1"]);
  for (const host of ["web-", "web-12", "a.lan", "db.1"]) assert.ok(wants(host), host);
  for (const host of ["web", "xweb-1", "alan", "dbx1", "a.lan.x"]) assert.ok(!wants(host), host);
  assert.ok(matcher([])("anything"));
});
