import assert from "node:assert/strict";
import test from "node:test";
import { shortName, withoutDomains } from "../../static/js/ui/names.js";

test("a long name keeps its beginning and its end", () => {
  assert.equal(shortName("web-1", 20), "web-1");
  assert.equal(shortName("web-frankfurt-01", 13), "web-fr…urt-01");
  const names = ["web-frankfurt-01.compute.internal", "web-frankfurt-02.compute.internal"];
  for (const most of [3, 12, 13, 20]) for (const name of names) assert.equal([...shortName(name, most)].length, most);
  assert.equal(shortName("🐧🐧🐧🐧🐧🐧", 3), "🐧…🐧");
});

test("machines go without their domain, unless two would read alike", () => {
  const short = (...names) => [...withoutDomains(names).values()];
  assert.deepEqual(short("web-1.compute.internal", "web-2.compute.internal", "box"), ["web-1", "web-2", "box"]);
  assert.deepEqual(short("web.eu.example", "web.us.example", "db.eu.example"), ["web.eu.example", "web.us.example", "db"]);
  assert.deepEqual(short("10.0.0.1"), ["10.0.0.1"]);
});
