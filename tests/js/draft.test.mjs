import assert from "node:assert/strict";
import test from "node:test";
import { DEFAULTS, readAddress } from "../../static/js/config/page_url.js";
import { draftOf, isSame, previewQuery, readDraft } from "../../static/js/desk/draft.js";

const KNOWN = { tiles: ["cpu", "memory"], panels: ["cpu", "memory"] };
const ADDRESS = "panels=memory,cpu:2x1&tiles=none&window=15m&kiosk=1&dim=22-07&blank=01-02&wake=1&shift=0&screen=lobby&background=transparent";

test("a draft is an address in pieces, and the same again when put together", () => {
  const { display } = readAddress(ADDRESS, KNOWN);
  const draft = draftOf(display);
  assert.equal(draft.panels, "memory,cpu:2x1");
  assert.equal(draft.shift, "0");
  const { problems, query, display: again } = readDraft(draft, KNOWN);
  assert.equal(problems.size, 0);
  assert.equal(query, ADDRESS);
  assert.deepEqual(again, display);
  assert.deepEqual(draftOf(DEFAULTS), {});
});

test("each wrong value is named by its key, and the rest still counts", () => {
  const { problems, query } = readDraft({ window: "5x", columns: "9", theme: "light", host: "a b" }, KNOWN);
  assert.deepEqual([...problems.keys()], ["window", "columns", "host"]);
  assert.match(problems.get("window"), /^window="5x": wanted is a time/);
  assert.equal(query, "theme=light");
});

test("empty and blank stand for the default; spaces around a value mean nothing", () => {
  const { problems, query } = readDraft({ window: "  ", columns: "", host: " web-1 " }, KNOWN);
  assert.equal(problems.size, 0);
  assert.equal(query, "host=web-1");
});

test("what somebody types cannot become another key", () => {
  const { problems, query } = readDraft({ host: "a&kiosk=1", screen: "x#y" }, KNOWN);
  assert.deepEqual([...problems.keys()], ["host", "screen"]);
  assert.equal(query, "");
});

test("drafts are the same when what they say is", () => {
  assert.ok(isSame({}, { window: "", kiosk: "" }));
  assert.ok(isSame({ window: "5m" }, { window: "5m", host: "" }));
  assert.ok(!isSame({ window: "5m" }, {}));
  assert.ok(!isSame({}, { host: "a" }));
});

test("a preview reports nothing, keeps nothing awake and is never dark", () => {
  const { display } = readAddress(ADDRESS, KNOWN);
  assert.equal(previewQuery(display), "panels=memory,cpu:2x1&tiles=none&window=15m&kiosk=1&background=transparent");
});
