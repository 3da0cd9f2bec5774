import assert from "node:assert/strict";
import test from "node:test";
import { linkState, linkStatusText } from "../../static/js/ui/link_state.js";

const FACTS = { age: 0.5, patience: 3, connected: true, apart: 0, everConnected: true, trouble: "" };
const says = (facts) => {
  const all = { ...FACTS, ...facts };
  const state = linkState(all);
  return `${state}: ${linkStatusText(state, all)}`.replaceAll("\u00a0", " ");
};

test("what it says of each case", () => {
  const apart = { connected: false };
  const cases = [
    [{}, "live: 0 s"],
    [{ age: 3 }, "live: 3 s"],
    [{ age: 3.01 }, "stale: last sample 3 s ago"],
    [{ age: null }, "stale: no sample yet"],
    // A connection that broke a moment ago is no news while the figures are fresh,
    [{ ...apart, apart: 2.5 }, "live: 0 s"],
    [{ ...apart, apart: 60 }, "live: 0 s"],
    // nor before they could be missed.
    [{ ...apart, age: 4, apart: 3 }, "stale: last sample 4 s ago"],
    [{ ...apart, age: 4, apart: 3.1 }, "lost: no connection for 3 s, trying again"],
    [{ ...apart, age: 90, apart: 88, trouble: "no answer" }, "lost: no connection for 88 s (no answer), trying again"],
    [{ ...apart, age: null, everConnected: false, apart: 1 }, "lost: connecting"],
    [{ ...apart, age: null, everConnected: false, apart: 2 }, "lost: no connection yet, trying again"],
    [{ ...apart, age: 9, everConnected: false, apart: 1, trouble: "busy" }, "lost: no connection yet (busy), trying again"],
  ];
  for (const [facts, expected] of cases) assert.equal(says(facts), expected);
});
