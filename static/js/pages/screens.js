// @ts-check
/**
 * Entry point of the list of screens. The list is polled; between two answers ages go on by the monotonic clock of
 * this browser, so that its own wall clock does not matter.
 */
import { find, make, mark, write } from "../ui/dom.js";
import { NONE, age, clock, size, text } from "../ui/format.js";
import { KeyedList } from "../ui/keyed_list.js";

/**
 * @typedef {object} Screen last report of a display
 * @property {string} name
 * @property {"here" | "silent"} state
 * @property {number} time of its report, seconds since 1970
 * @property {number} age of its report, seconds
 * @property {string} build
 * @property {number | null} lag seconds
 * @property {number | null} heap bytes
 * @property {"live" | "stale" | "lost"} link
 * @property {number} width
 * @property {number} height
 * @property {string} url
 */
/** @typedef {{build: string, time: number, screens: Screen[]}} List */

/** Milliseconds. */
const PAUSE = 10_000;
const TIMEOUT = 8_000;
const TICK = 1000;

/** Seconds without an answer after which the list is old. */
const OLD = 25;

const root = document.documentElement;
const address = root.dataset.screens ?? "/screens";

/** Row of one screen. */
class Row {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    /** @type {Screen | null} */
    this.screen = null;
    /** Time of the newest report when the button was pressed. @type {number | null} */
    this.askedAt = null;
    this.asking = false;
    this.state = make("td", { class: "state", "data-field": "state" });
    this.build = cell("build", "Build");
    this.lag = cell("lag", "Lag", "number");
    this.heap = cell("heap", "Heap", "number");
    this.size = cell("size", "Size", "number");
    this.url = cell("url", "Shows");
    this.reported = cell("reported", "Reported", "number");
    this.button = make("button", { type: "button", "aria-label": `Reload ${name}` }, "Reload");
    this.answer = make("span", { class: "answer", role: "status" });
    this.button.addEventListener("click", () => this.#reload());
    const cells = [this.state, this.build, this.lag, this.heap, this.size, this.url, this.reported];
    const reload = make("td", { "data-field": "reload" }, this.button, this.answer);
    this.element = make("tr", { "data-screen": name }, make("th", { scope: "row" }, name), ...cells, reload);
  }

  /**
   * @param {Screen} screen
   * @param {string} build the server's
   */
  show(screen, build) {
    this.screen = screen;
    const differs = screen.build !== build;
    mark(this.element, "data-state", screen.state);
    mark(this.element, "data-link", screen.link);
    mark(this.element, "data-build-differs", differs ? "" : null);
    mark(this.build, "title", differs ? `not this server's, which is ${build}` : null);
    write(this.state, stateText(screen));
    write(this.build, differs ? `${screen.build} (not this server’s)` : screen.build);
    write(this.lag, screen.lag === null ? NONE : age(screen.lag));
    write(this.heap, text(size(screen.heap)));
    write(this.size, `${screen.width}×${screen.height}`);
    write(this.url, screen.url);
    if (this.askedAt !== null && screen.time > this.askedAt) {
      this.askedAt = null;
      this.#say("");
    }
  }

  /** @param {number} elapsed seconds since the answer that holds the screen */
  tick(elapsed) {
    if (this.screen !== null) write(this.reported, `${age(this.screen.age + elapsed)} ago`);
  }

  async #reload() {
    if (this.asking) return;
    this.asking = true; // not `disabled`, which would lose the focus
    const before = this.screen?.time ?? 0;
    try {
      const answer = await fetch(`${address}/${encodeURIComponent(this.name)}/reload`, {
        method: "POST",
        signal: AbortSignal.timeout(TIMEOUT),
      });
      await check(answer);
      this.askedAt = before;
      this.#say("asked to reload");
    } catch (error) {
      this.#say(`not asked: ${reason(error)}`, true);
    }
    this.asking = false;
  }

  /**
   * @param {string} words
   * @param {boolean} [refused]
   */
  #say(words, refused = false) {
    mark(this.answer, "data-refused", refused ? "" : null);
    write(this.answer, words);
  }
}

/**
 * @param {string} field
 * @param {string} label shown where there is no heading above it
 * @param {string} [kind]
 */
function cell(field, label, kind = "") {
  return make("td", { class: kind, "data-field": field, "data-label": label });
}

/** @param {Screen} screen */
function stateText({ state, link, time }) {
  if (state === "silent") return `silent since ${clock(time)}`;
  return link === "live" ? "here" : `here, its stream is ${link}`;
}

/**
 * Throws an Error with a readable message unless an answer is OK.
 * @param {Response} answer
 */
async function check(answer) {
  if (answer.status === 401) throw new Error("signed out; load this page again");
  if (answer.ok) return;
  const problem = await answer.json().catch(() => null);
  throw new Error(String(problem?.detail ?? `the server answered ${answer.status}`));
}

/** @param {unknown} error */
function reason(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") return "the server does not answer";
  if (error instanceof TypeError) return "the server cannot be reached";
  return error instanceof Error ? error.message : String(error);
}

const [table, body, none] = [find(root, "[data-table]"), find(root, "[data-rows]"), find(root, "[data-none]")];
const [count, trouble, old] = [find(root, "[data-count]"), find(root, "[data-trouble]"), find(root, "[data-old]")];

/** @type {KeyedList<Screen, string, Row>} */
const list = new KeyedList(body, { key: ({ name }) => name, make: ({ name }) => new Row(name), fill: (row, screen, build) => row.show(screen, build) });
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
    failure = reason(error);
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
