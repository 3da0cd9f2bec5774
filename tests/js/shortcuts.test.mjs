import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { DEFAULTS, readAddress, writeSeconds } from "../../static/js/config/page_url.js";
import { SAYS } from "../../static/js/desk/help.js";
import { KEYS, WINDOWS } from "../../static/js/desk/shortcuts.js";

const WALL = readFileSync(new URL("../../docs/wall.md", import.meta.url), "utf8");

/** The first cells of the table under a heading, each as the words in it that are code. */
function cells(heading) {
  const section = WALL.split(`## ${heading}\n`)[1].split("\n## ")[0];
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).flatMap((row) => [...row.split("|")[1].matchAll(/`([^`]+)`/g)].map(([, word]) => word));
}

test("docs/wall.md has every key of an address, and no other", () => {
  const [problem] = readAddress("?nonsense=1", { tiles: [], panels: [] }).problems;
  assert.deepEqual(cells("The page is its address").sort(), problem.split("there are ")[1].split(", ").sort());
});

test("docs/wall.md has every key of the keyboard, and no other", () => {
  const keys = KEYS.flatMap((key) => key.keys).filter((key) => key !== " ");
  assert.deepEqual(cells("Close up").sort(), keys.map((key) => (key === "Escape" ? "Esc" : key)).sort());
});

test("the help has words for every key, and for no other", () => {
  assert.deepEqual(Object.keys(SAYS).sort(), KEYS.map(({ keys: [key] }) => key).sort());
});

test("no key does two things", () => {
  const all = KEYS.flatMap(({ keys }) => keys);
  assert.equal(new Set(all).size, all.length);
});

test("the windows to choose from are ones that an address may have", () => {
  for (const [seconds] of WINDOWS) {
    const { display, problems } = readAddress(`?window=${writeSeconds(seconds)}`, { tiles: [], panels: [] });
    assert.deepEqual(problems, []);
    assert.equal(display.window, seconds);
  }
  assert.equal(WINDOWS[0][0], DEFAULTS.window);
});
