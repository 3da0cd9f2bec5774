// @ts-check
/**
 * Entry point of the list of screens. The list is polled; between two answers ages go on by the monotonic clock of
 * this browser, so that its own wall clock does not matter.
 */
import "../ui/older_browsers.js";
import { check, reasonOf, TIMEOUT } from "../desk/list_requests.js";
import { ScreenRow } from "../desk/screen_row.js";
import { ScreenSender } from "../desk/screen_sender.js";
import { find, mark, write } from "../ui/dom.js";
import { age } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";

/** @import { Screen } from "../desk/screen_row.js" */
/** @typedef {{build: string, time: number, screens: Screen[]}} List */

/** Milliseconds. */
const PAUSE = 10_000;
const TICK = 1000;

/** Seconds without an answer after which the list is old. */
const OLD = 25;

const root = document.documentElement;
const address = root.dataset.address ?? "/screens";
const sender = new ScreenSender(/** @type {HTMLDialogElement} */ (find(root, "[data-send]")));

const [table, body, none] = [find(root, "[data-table]"), find(root, "[data-rows]"), find(root, "[data-none]")];
const [count, trouble, old] = [find(root, "[data-count]"), find(root, "[data-trouble]"), find(root, "[data-old]")];

/** @type {KeyedList<Screen, string, ScreenRow>} */
const list = new KeyedList(body, { key: ({ name }) => name, make: ({ name }) => new ScreenRow(name, address, sender), fill: (row, screen, build) => row.show(screen, build) });
/** Monotonic time of the last answer, ms. @type {number | null} */
let answeredAt = null;
/** Why the last request failed; empty if it did not. */
let failure = "";

/** @param {List} list */
function show({ build, screens }) {
  list.show(screens, build);
  table.hidden = screens.length === 0;
  none.hidden = screens.length > 0;
  const silent = screens.filter(({ state }) => state === "silent").length;
  write(count, screens.length ? `${screens.length - silent} here, ${silent} silent` : "");
}

function tick() {
  const elapsed = answeredAt === null ? Infinity : (performance.now() - answeredAt) / 1000;
  for (const row of list.rows.values()) row.tick(elapsed);
  const why = failure || (elapsed > OLD ? "waiting for the server" : "");
  mark(root, "data-list", why ? "old" : "live");
  write(trouble, why);
  // Outside of the live region: a screen reader would read it each second.
  write(old, why && answeredAt !== null ? `this list is ${age(elapsed)} old` : "");
}

async function ask() {
  try {
    const answer = await fetch(address, {
      headers: { Accept: "application/json" },
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    await check(answer);
    const told = /** @type {List} */ (await answer.json());
    answeredAt = performance.now();
    failure = "";
    show(told);
  } catch (error) {
    failure = reasonOf(error);
  }
  tick();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Polls while the page is visible. */
async function keepAsking() {
  clearTimeout(timer);
  if (document.hidden) return;
  await ask();
  clearTimeout(timer);
  timer = setTimeout(keepAsking, PAUSE);
}

document.addEventListener("visibilitychange", keepAsking);
setInterval(tick, TICK);
keepAsking();
