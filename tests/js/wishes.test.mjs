import assert from "node:assert/strict";
import test from "node:test";
import { addressFor } from "../../static/js/kiosk/wishes.js";

test("another address keeps what holds for the display, and says no more than that", () => {
  const here = "http://wall.example/?panels=cpu&screen=lobby&kiosk=1&distance=4m&window=1h";
  assert.equal(addressFor("/?panels=disk,network", here), "http://wall.example/?panels=disk,network&distance=4m&kiosk=1&screen=lobby");
  assert.equal(addressFor("/host/web-1?distance=8m", here), "http://wall.example/host/web-1?distance=8m&kiosk=1&screen=lobby");
  assert.equal(addressFor("//elsewhere.example/", here), null);

  const below = "http://wall.example/vitals/?screen=lobby";
  for (const asked of ["/host/web-1", "/vitals/host/web-1"]) assert.equal(addressFor(asked, below, "/vitals"), "http://wall.example/vitals/host/web-1?screen=lobby");
  assert.equal(addressFor("//elsewhere.example/", below, "/vitals")?.startsWith("http://wall.example/vitals//"), true);
});
