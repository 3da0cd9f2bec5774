"""The wall page in a browser, asked through the hooks that it offers to scripts and users."""

import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.support.service import Service, wait_for

FAST_TILES = ("cpu", "memory", "received", "sent")
FAST_PANELS = ("cpu", "memory", "disk", "network", "load")
FAST_EVENTS = FAST_PANELS

# What Chromium writes to the console when a server is away or full; tests that cause it forgive it.
NETWORK_TROUBLE = re.compile(r"net::ERR_|status of 50[23]|Failed to load resource")

# The page's own module, by the address that it was loaded from: another would be another store.
MODULE = (
    "await import(document.querySelector('script[type=module]').src)"
    ".then(async (page) => { await page.started; return page; })"
)

_TABLE = f"""async ([host, event]) => {{
    const {{ store }} = {MODULE};
    const {{ times, columns, capacity }} = store.series(host, event);
    return {{ times, columns: Object.fromEntries(columns), capacity }};
}}"""

_STREAM = f"async (name) => ({MODULE}).stream[name]"

_NEWEST = f"async ([host, event]) => ({MODULE}).store.time(host, event) ?? 0"

# How far below a plot's upper edge its line begins, as a share of its height.
_TOP = """([panel, color]) => {
    const plot = document.querySelector(`[data-panel="${panel}"] .uplot`);
    const canvas = plot.querySelector("canvas");
    const over = plot.querySelector(".u-over");
    const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${color}`).trim();
    const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
        const far = wanted.map((level, i) => Math.abs(data[at + i] - level));
        if (data[at + 3] > 200 && far[0] + far[1] + far[2] < 40) {
            const y = Math.floor(at / 4 / canvas.width) / devicePixelRatio;
            return (y - over.offsetTop) / over.offsetHeight;
        }
    }
    return null;
}"""

# The runs of pixel columns, as shares of the plot's width, that hold a line's own colour.
_INK = """([panel, color]) => {
    const plot = document.querySelector(`[data-panel="${panel}"] .uplot`);
    const canvas = plot.querySelector("canvas");
    const over = plot.querySelector(".u-over");
    const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${color}`).trim();
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const ratio = devicePixelRatio;
    const [left, right] = [over.offsetLeft * ratio, (over.offsetLeft + over.offsetWidth) * ratio];
    const runs = [];
    let start = null;
    for (let x = left; x <= right; x += 1) {
        let inked = false;
        for (let y = 0; y < height && x < right && !inked; y += 1) {
            const at = 4 * (y * width + Math.floor(x));
            const far = [r, g, b].map((level, i) => Math.abs(data[at + i] - level));
            inked = data[at + 3] > 200 && far[0] + far[1] + far[2] < 40;
        }
        if (inked && start === null) start = x;
        if (!inked && start !== null) {
            runs.push([(start - left) / (right - left), (x - left) / (right - left)]);
            start = null;
        }
    }
    return runs;
}"""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the page holds of one event."""

    times: list[float]
    columns: Mapping[str, list[float | None]]
    capacity: int

    @property
    def samples(self) -> list[float]:
        """The times of rows that have figures."""
        return [at for at, row in self._rows() if any(value is not None for value in row)]

    @property
    def breaks(self) -> list[float]:
        """The times of rows of nulls, at which a chart's lines break."""
        return [at for at, row in self._rows() if all(value is None for value in row)]

    def values(self, column: str) -> dict[float, float | None]:
        """A column by time, without the breaks; /history leaves out one without any figure."""
        breaks = set(self.breaks)
        pairs = zip(self.times, self.columns.get(column, [None] * len(self.times)), strict=True)
        return {at: value for at, value in pairs if at not in breaks}

    def _rows(self) -> list[tuple[float, tuple[float | None, ...]]]:
        return list(zip(self.times, zip(*self.columns.values(), strict=True), strict=True))


class Wall:
    """One open page."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.service = service
        self._requests: list[str] | None = None

    def open(self, path: str = "/", *, url: str | None = None, noted: bool = False) -> "Wall":
        """Go there, by another address than the service's own if one is given.

        Requests are noted where a test asks for them: playwright takes a tenth of the load for it.
        """
        if noted and self._requests is None:
            requests = self._requests = []
            self.page.on("request", lambda request: requests.append(request.url))
        self.page.goto((url or self.service.url) + path)
        return self

    @property
    def link(self) -> str | None:
        """live, stale or lost."""
        return self.page.get_attribute("html", "data-link")

    def wait_for_link(self, state: str, *, timeout: float = 40) -> float:
        """Wait until the page says so; returns the seconds that this took."""
        return self.wait_for(f'html[data-link="{state}"]', timeout=timeout)

    def wait_until_joined(self) -> "Wall":
        """Wait until it is live by its stream, and not by the history that it has loaded."""
        self.wait_for_link("live")
        wait_for(lambda: self.page.evaluate(_STREAM, "connected"), "the stream to be open")
        return self

    def wait_for(self, selector: str, *, timeout: float = 40) -> float:
        """Wait until an element like this is there, seen or not; returns the seconds it took."""
        started = time.monotonic()
        self.page.wait_for_selector(selector, state="attached", timeout=timeout * 1000)
        return time.monotonic() - started

    def text(self, selector: str) -> str:
        """The text of the one element like this."""
        return (self.page.locator(selector).text_content() or "").replace("\N{NO-BREAK SPACE}", " ")

    def freshness(self, selector: str) -> str | None:
        """Of a tile or panel."""
        return self.page.get_attribute(selector, "data-freshness")

    def value(self, name: str) -> str | None:
        """A figure as scripts read it."""
        return self.page.locator(f'[data-value="{name}"]').first.get_attribute("value")

    def rows(self, event: str, host: str = "box") -> Rows:
        """What the page holds of an event."""
        return Rows(**self.page.evaluate(_TABLE, [host, event]))

    def wait_for_sample(self, event: str = "cpu", *, after: float | None = None) -> float:
        """Wait until a sample of a later time has come; returns its time."""
        start = self.newest(event) if after is None else after

        def newer() -> float | None:
            time = self.newest(event)
            return time if time > start else None

        return wait_for(newer, f"a sample of {event}")

    def newest(self, event: str, host: str = "box") -> float:
        """The time of the newest sample that has come, 0 before the first."""
        return float(self.page.evaluate(_NEWEST, [host, event]))

    def ink(self, panel: str, color: str) -> list[tuple[float, float]]:
        """Where along a chart, from 0 to 1, the line of a colour is drawn."""
        return [(start, end) for start, end in self.page.evaluate(_INK, [panel, color])]

    def top(self, panel: str, color: str) -> float | None:
        """How high up in a chart the line of a colour reaches: 0 at its upper edge, 1 below."""
        found = self.page.evaluate(_TOP, [panel, color])
        return None if found is None else float(found)

    def wait_for_ink(self, panel: str, color: str) -> list[tuple[float, float]]:
        """The same once there is any."""
        inked = f"(asked) => ({_INK})(asked).length > 0"
        self.page.wait_for_function(inked, arg=[panel, color], polling=100)  # not at each frame
        return self.ink(panel, color)

    @property
    def history_requests(self) -> list[str]:
        """The addresses of all requests for history until now, of a page opened with `noted`.

        But for those that name no event: so a page asks whether it may still read.
        """
        assert self._requests is not None, "they were not noted"
        self.page.evaluate("0")  # playwright tells of what has happened only while it is called
        return [url for url in self._requests if "/history?" in url and "events=" in url]

    @property
    def streams_opened(self) -> int:
        """How many EventSources there have been in the browser for all tabs that share one.

        Not how often one of them came back by itself. Requests of a SharedWorker playwright does
        not tell of, so the page is asked, to which the worker says it.
        """
        return int(self.page.evaluate(_STREAM, "opened"))

    @property
    def trouble(self) -> str:
        """What the page knows to be wrong with its stream or its history."""
        return str(self.page.evaluate(_STREAM, "trouble"))


def history(service: Service, event: str, seconds: int = 300) -> Rows:
    """The same figures as /history tells them, unreduced."""
    answer = service.json(f"/history?since={seconds}&points=20000&host=box&events={event}")
    columns = dict(answer["hosts"]["box"][event])
    return Rows(columns.pop("time"), columns, 0)


def assert_same_as_history(
    wall: Wall, event: str = "cpu", seconds: int = 300, *, since: float = 0
) -> None:
    """The page has every sample that the log has, once, in order and with the same figures.

    `seconds` is the page's window. What is older than `since` is not looked at.
    """
    page, log = wall.rows(event), history(wall.service, event, seconds)
    assert page.times == sorted(set(page.times)), "not in order, or twice"
    # Both go on while we look, and history begins where its window does.
    end = min(page.samples[-1], log.samples[-1])
    start = max(page.samples[0], log.samples[0], since)
    assert end - start > 1
    for column, values in page.columns.items():
        shown, logged = page.values(column), log.values(column)
        assert len(values) == len(page.times)
        times = sorted(at for at in shown.keys() | logged.keys() if start <= at <= end)
        # None is nothing to draw: a service's first sample may have no rates, and so no row.
        pairs = [(at, shown.get(at), logged.get(at)) for at in times]
        unlike = [pair for pair in pairs if not _are_alike(*pair[1:])]
        assert not unlike, f"{column} (time, shown, logged): {unlike[:5]} of {len(unlike)}"


def _are_alike(shown: float | None, logged: float | None) -> bool:
    """Whether two figures are the same: what is a minute old has five digits in /history."""
    if shown is None or logged is None:
        return shown is logged
    return math.isclose(shown, logged, rel_tol=1e-4)


def assert_nothing_lost(wall: Wall) -> None:
    """It is live, and has all that the log has: each sample once, and no gap between them."""
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []
    assert wall.link == "live"


def measured(what: str, seconds: float) -> None:
    """Print a figure of the contract; `pytest -s` shows it."""
    print(f"\nmeasured: {what}: {seconds:.2f} s (load {os.getloadavg()[0]:.1f})")
