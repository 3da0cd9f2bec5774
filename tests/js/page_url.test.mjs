import assert from "node:assert/strict";
import test from "node:test";
import { DEFAULTS, readAddress, writeAddress, writeSeconds } from "../../static/js/config/page_url.js";

const KNOWN = { tiles: ["cpu", "memory", "sent"], panels: ["cpu", "memory", "network", "processes", "processes:by-name"] };

const read = (search) => readAddress(search, KNOWN);
const place = (name, across = 1, down = 1) => ({ name, across, down });

/** What an address changes of the defaults; it has no problems. */
function taken(search) {
  const { display, problems } = read(search);
  assert.deepEqual(problems, [], search);
  return Object.fromEntries(Object.entries(display).filter(([key, value]) => value !== DEFAULTS[key]));
}

/** The one problem of an address, which leaves everything at its default. */
function refused(search) {
  const { display, problems } = read(search);
  assert.equal(problems.length, 1, `${search}: ${problems}`);
  assert.deepEqual(display, DEFAULTS, search);
  return problems[0];
}

test("an address without keys is the default, and the default is no key", () => {
  for (const search of ["", "?"]) assert.deepEqual(read(search), { display: DEFAULTS, problems: [] });
  assert.equal(writeAddress(DEFAULTS), "");
  assert.ok(Object.isFrozen(DEFAULTS));
});

test("panels have an order and sizes", () => {
  assert.deepEqual(taken("?panels=processes:by-name,processes").panels, [place("processes:by-name"), place("processes")]);
  assert.deepEqual(taken("?panels=processes:by-name:2x1").panels, [place("processes:by-name", 2)]);
  assert.deepEqual(taken("?panels=network,cpu").panels, [place("network"), place("cpu")]);
  assert.deepEqual(taken("?panels=cpu:2x1,memory:1x4,network:6x3").panels, [place("cpu", 2), place("memory", 1, 4), place("network", 6, 3)]);
  assert.deepEqual(taken("?panels=cpu%3A2x1%2Cmemory").panels, [place("cpu", 2), place("memory")]);
  assert.deepEqual(taken("?panels=none").panels, []);
  assert.deepEqual(taken("?panels=all").panels, KNOWN.panels.map((name) => place(name)));
  assert.match(refused("?panels=cpu,foo"), /^panels="cpu,foo": there is no "foo"; there are cpu, memory, network, processes, processes:by-name$/);
  assert.match(refused("?panels=cpu,cpu:2x1"), /cpu is there twice/);
  assert.match(refused("?panels="), /there is no ""/);
  assert.match(refused("?panels=cpu,"), /there is no ""/);
  assert.match(refused("?panels=CPU"), /there is no "CPU"/);
  for (const size of ["2", "x", "2x", "x2", "-1x1", "2x1x1", "10x1", "2X1", " 2x1"]) {
    assert.match(refused(`?panels=cpu:${encodeURIComponent(size)}`), /is not a name, or a name and a size such as cpu:2x1/, size);
  }
  for (const size of ["0x1", "7x1"]) assert.match(refused(`?panels=cpu:${size}`), /a whole number from 1 to 6/, size);
  for (const size of ["1x0", "1x5"]) assert.match(refused(`?panels=cpu:${size}`), /a whole number from 1 to 4/, size);
});

test("tiles have an order", () => {
  assert.deepEqual(taken("?tiles=sent,cpu").tiles, ["sent", "cpu"]);
  assert.deepEqual(taken("?tiles=none").tiles, []);
  assert.match(refused("?tiles=network"), /there is no "network"; there are cpu, memory, sent/);
  assert.match(refused("?tiles=cpu,cpu"), /cpu is there twice/);
  assert.equal(read("?tiles=toString").problems.length, 1);
});

test("columns are 1 to 6", () => {
  for (const columns of [1, 6]) assert.deepEqual(taken(`?columns=${columns}`), { columns });
  for (const text of ["0", "7", "1.5", "-1", "two", "", "00003x", " 2"]) {
    assert.match(refused(`?columns=${encodeURIComponent(text)}`), /wanted is a whole number from 1 to 6/, text);
  }
});

test("a window is 30 seconds to three years", () => {
  const windows = { 30: 30, "90s": 90, "15m": 900, "6h": 21_600, "24h": 86_400, 86400: 86_400, "30d": 2_592_000, "2w": 1_209_600, "3y": 94_608_000 };
  for (const [text, seconds] of Object.entries(windows)) assert.deepEqual(taken(`?window=${text}`), { window: seconds });
  assert.deepEqual(taken("?window=5m"), {});
  for (const text of ["29", "0", "4y", "1096d", "-5m", "5", "5 m", "1.5h", "m", "", "5M", "999999999"]) {
    assert.match(refused(`?window=${encodeURIComponent(text)}`), /wanted is a time such as 300s, 15m, 6h or 30d, from 30s to 3y/, text);
  }
});

test("a window is written as people say it", () => {
  const texts = { 30: "30s", 60: "1m", 90: "90s", 300: "5m", 3600: "1h", 5400: "90m", 86_400: "1d", 129_600: "36h", 2_592_000: "30d", 31_536_000: "1y" };
  for (const [seconds, text] of Object.entries(texts)) assert.equal(writeSeconds(Number(seconds)), text);
});

test("theme and distance are words", () => {
  assert.deepEqual(taken("?theme=light&distance=4m"), { theme: "light", distance: "4m" });
  assert.deepEqual(taken("?theme=auto&distance=8m"), { theme: "auto", distance: "8m" });
  assert.deepEqual(taken("?theme=dark&distance=2m"), { distance: "2m" });
  assert.match(refused("?theme=blue"), /^theme="blue": allowed are dark, light, auto$/);
  assert.match(refused("?distance=3m"), /^distance="3m": allowed are 2m, 4m, 8m$/);
  for (const search of ["?theme=", "?theme=Dark", "?distance=", "?distance=4", "?distance=constructor"]) refused(search);
});

test("a host is a host's name", () => {
  for (const host of ["web-1", "a", "Web_1.example.org", "a".repeat(253), "機械.हिन्दी"]) assert.deepEqual(taken(`?host=${host}`), { host });
  assert.deepEqual(taken("?host=bu\u0308ro"), { host: "büro" });
  for (const host of ["", "-web", "web.", "a b", "a,b", "<b>", "ü\u200b", "ü\u202e", "a".repeat(254), "../x"]) {
    assert.match(refused(`?host=${encodeURIComponent(host)}`), /wanted is a host's name/, host);
  }
});

test("a kiosk moves, unless told to stand still", () => {
  assert.deepEqual(taken("?kiosk=1"), { kiosk: true, shift: true });
  assert.deepEqual(taken("?kiosk=1&shift=0"), { kiosk: true });
  assert.deepEqual(taken("?shift=0&kiosk=1"), { kiosk: true });
  assert.deepEqual(taken("?kiosk=0"), {});
  assert.deepEqual(taken("?shift=1&wake=1"), { shift: true, wake: true });
  for (const key of ["kiosk", "wake", "shift"]) {
    for (const text of ["", "true", "2", "01"]) assert.match(refused(`?${key}=${text}`), /allowed are 0, 1/);
  }
});

test("hours may go over midnight", () => {
  const hours = {
    "22-07": { from: 1320, to: 420 },
    "22-7": { from: 1320, to: 420 },
    "0-6": { from: 0, to: 360 },
    "18-24": { from: 1080, to: 0 },
    "21:30-6:15": { from: 1290, to: 375 },
    "00:00-23:59": { from: 0, to: 1439 },
  };
  for (const [text, span] of Object.entries(hours)) {
    assert.deepEqual(taken(`?dim=${text}`), { dim: span });
    assert.deepEqual(taken(`?blank=${encodeURIComponent(text)}`), { blank: span });
  }
  for (const text of ["22", "22-", "-7", "24-7", "25-7", "22-25", "22-24:01", "22:60-7", "7-7", "0-24", "22:3-7", "22-07-08", "a-b", ""]) {
    for (const key of ["dim", "blank"]) assert.match(refused(`?${key}=${text}`), /wanted are hours such as 22-07 or 21:30-6:15/, text);
  }
});

test("a screen's name is one that the server takes", () => {
  for (const screen of ["lobby", "0", "a-b_c", "a".repeat(40)]) assert.deepEqual(taken(`?screen=${screen}`), { screen });
  for (const screen of ["", "Lobby", "-a", "_a", "a b", "a.b", "a".repeat(41)]) {
    assert.match(refused(`?screen=${encodeURIComponent(screen)}`), /wanted is a name of a-z, 0-9, _ and -, at most 40 characters/, screen);
  }
});

test("a background may be transparent", () => {
  assert.deepEqual(taken("?background=transparent"), { transparent: true });
  assert.deepEqual(taken("?background=solid"), {});
  assert.match(refused("?background=red"), /allowed are solid, transparent/);
});

test("what is not known is named, with what there is", () => {
  const problem = refused("?colums=2");
  assert.match(problem, /^"colums" is not known here; there are panels, tiles, columns, window, /);
  for (const key of ["panels", "tiles", "columns", "window", "theme", "distance", "host", "kiosk", "dim", "blank", "wake", "shift", "screen", "background"]) {
    assert.ok(problem.includes(key), key);
  }
  refused("?constructor=1");
  refused("?__proto__=1");
});

test("keys that others append to links are passed over", () => {
  assert.deepEqual(taken("?utm_source=mail&fbclid=x&_=1&_=2&t=3&gclid=y&window=15m"), { window: 900 });
  refused("?utm=1");
});

test("a key that is there twice counts once, and is named", () => {
  const { display, problems } = read("?columns=2&columns=3");
  assert.equal(display.columns, 2);
  assert.deepEqual(problems, ["columns is given more than once"]);
});

test("what is right counts, beside what is wrong", () => {
  const { display, problems } = read("?panels=cpu&window=soon&theme=light&foo=1");
  assert.equal(problems.length, 2);
  assert.deepEqual(display.panels, [place("cpu")]);
  assert.equal(display.theme, "light");
  assert.equal(display.window, DEFAULTS.window);
});

test("a problem is never longer than a line or two", () => {
  assert.ok(refused(`?window=${"9".repeat(5000)}`).length < 200);
  assert.ok(refused(`?${"k".repeat(5000)}=1`).length < 300);
});

test("what is written reads back as it was", () => {
  const addresses = [
    "",
    "panels=network:2x1,cpu&tiles=none&columns=2",
    "panels=none",
    "window=90s&theme=auto",
    "distance=4m&host=web-1.example.org&kiosk=1&dim=22-07&blank=00:30-05:15&wake=1&screen=lobby",
    "kiosk=1&shift=0",
    "shift=1",
    "background=transparent",
    "window=1d&dim=18-00",
  ];
  for (const address of addresses) {
    const { display, problems } = read(address);
    assert.deepEqual(problems, []);
    const written = writeAddress(display);
    assert.equal(written, address);
    assert.deepEqual(read(written).display, display);
  }
});

test("what has several forms is written in one", () => {
  const forms = {
    "?window=300&theme=dark&kiosk=0&wake=0&shift=0&background=solid": "",
    "?window=60m": "window=1h",
    "?panels=cpu:1x1": "panels=cpu",
    "?dim=18-24": "dim=18-00",
    "?blank=7:00-9": "blank=07-09",
    "?kiosk=1&shift=1": "kiosk=1",
  };
  for (const [search, written] of Object.entries(forms)) assert.equal(writeAddress(read(search).display), written);
});

test("a moment and a zoom are a link to a stretch of time", () => {
  const at = new Date(2026, 10, 20, 14, 0).getTime() / 1000;
  for (const text of ["2026-11-20T14:00", "2026-11-20T14:00:00", String(at)]) {
    const { display, problems } = read(`at=${text}&zoom=90s&window=1h`);
    assert.deepEqual(problems, []);
    assert.deepEqual([display.at, display.zoom, display.window], [at, 90, 3600]);
    assert.equal(writeAddress(display), "window=1h&at=2026-11-20T14:00&zoom=90s");
  }
  assert.equal(writeAddress({ ...DEFAULTS, at: at + 5 }), "at=2026-11-20T14:00:05");
  assert.equal(writeAddress({ ...DEFAULTS, zoom: 90 }), "", "a zoom is of a moment");
  assert.match(read("at=yesterday").problems[0], /^at="yesterday": wanted is a time such as 2026-11-20T14:00/);
  assert.match(read("zoom=1s").problems[0], /from 2s to 3y/);
  const { display, problems } = read(`at=${at}&kiosk=1`);
  assert.equal(display.at, null);
  assert.match(problems[0], /^at: not with kiosk=1/);
});
