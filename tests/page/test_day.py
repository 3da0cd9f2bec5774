"""A day's worth of ticks in one tab: at its end the page holds no more than near its beginning.

The page lives through the day: samples come a second apart by their own times, each one from the
page's future, so its clock goes along. Each passes the log, the hub, the shared worker, the store
and its table, which rolls over 86 times, and what is newest is drawn; log lines run through a
list that is full after half an hour.

What a real day has and this one has not: a drawing for each second (a page draws five times a
real second, here a few hundred times in all), reconnects, other hours' weather. And the browser's
compilers are off: what they make of functions that are called often is memory, too, grows for as
long as they find some, and hides what the page itself would keep.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.page.past import read_machine, sampling_held_up
from tests.page.wall import FAST_EVENTS, Wall, measured
from tests.support.browser_fixtures import ARGUMENTS
from tests.support.service import Service, wait_for

DAY = 86_400
FIRST = 2_000
# A table holds from once to twice its thousand rows: the two looks are at the same place in that.
# An eighth of the day rolls it over ten times; `--full` is all of it.
TICKS = {"eighth": DAY // 8 + 200, "day": DAY + 600}
# How much more there may be at the end: of the page's heap some eight bytes a tick, or two.
MOST = {"eighth": 1.02, "day": 1.05}

BATCH = 250  # ticks
LINE_EVERY, PROCESSES_EVERY = 4, 5  # ticks

UNTIL_HEARD = """async (last) => {
    const page = await import(document.querySelector("script[type=module]").src);
    await page.started;
    const { store } = page;
    while (!(store.time("day", "cpu") >= last)) await new Promise((go) => setTimeout(go, 5));
}"""
UNTIL_DRAWN = """async (last) => {
    const { grid } = await import(document.querySelector("script[type=module]").src);
    const drawn = () => grid.view?.to >= last && !grid.renderLoop.news.size;
    while (!drawn()) await new Promise((go) => setTimeout(go, 20));
}"""


class Day:
    """The seconds of a machine that is called day, from now on."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.ticks = 0
        self._start = float(int(time.time()))
        self._readings = read_machine(*FAST_EVENTS, "processes")

    def log(self, count: int) -> float:
        """Log some ticks; returns the time of the last."""
        batch: list[tuple[str, str, dict[str, Any]]] = []
        for _ in range(count):
            self.ticks += 1
            if self.ticks % PROCESSES_EVERY == 0:
                batch.append(self._event("processes", {}))
            if self.ticks % LINE_EVERY == 0:
                line = {"source": "day", "level": "info", "message": f"second {self.ticks}"}
                batch.append(self._event("log", line))
            percent = self.ticks * 7919 % 1000 / 10
            rate = self.ticks * 7919 % 1_000_003
            batch.append(self._event("memory", {"percent": percent}))
            batch.append(self._event("network", {"received_bytes_per_second": rate}))
            batch.append(self._event("disk", {"read_bytes_per_second": rate}))
            batch.append(self._event("load", {"load1": percent / 10}))
            batch.append(self._event("cpu", {"percent": percent}))
        self._service.append_all(batch)
        return self._start + self.ticks

    def pass_until(self, ticks: int, wall: Wall) -> None:
        """Log ticks until there are so many, no faster than the page takes them; all are drawn."""
        heard = last = self._start
        while self.ticks < ticks:
            heard, last = last, self.log(min(BATCH, ticks - self.ticks))
            # This batch is on its way while the page takes the one before it.
            wall.page.evaluate(UNTIL_HEARD, heard)
        wall.page.evaluate(UNTIL_DRAWN, last)

    def _event(self, name: str, figures: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
        at = {"time": self._start + self.ticks}
        return name, "day", self._readings.get(name, {}) | figures | at


class Holdings:
    """What the page and the shared worker hold after garbage collection."""

    def __init__(self, page: Page) -> None:
        browser = page.context.browser
        assert browser is not None
        self._page = page.context.new_cdp_session(page)
        self._page.send("Performance.enable")
        whole = browser.new_browser_cdp_session()
        targets = whole.send("Target.getTargets")["targetInfos"]
        (worker,) = [one["targetId"] for one in targets if one["type"] == "shared_worker"]
        self._worker = _Through(whole, worker)

    def count(self) -> dict[str, float]:
        """Bytes of both heaps, and the page's DOM nodes and listeners."""
        for session in (self._page, self._worker):
            session.send("HeapProfiler.collectGarbage")
        metrics = self._page.send("Performance.getMetrics")["metrics"]
        counts = {one["name"]: one["value"] for one in metrics}
        return {
            "page": self._page.send("Runtime.getHeapUsage")["usedSize"],
            "worker": self._worker.send("Runtime.getHeapUsage")["usedSize"],
            "nodes": counts["Nodes"],
            "listeners": counts["JSEventListeners"],
        }


class _Through:
    """A target that playwright has no page for, spoken to through the browser's session."""

    def __init__(self, session: CDPSession, target: str) -> None:
        self._session = session
        self._answers: dict[int, Any] = {}
        self._asked = 0
        session.on("Target.receivedMessageFromTarget", self._hear)
        attached = session.send("Target.attachToTarget", {"targetId": target, "flatten": False})
        self._id = attached["sessionId"]

    def send(self, method: str) -> Any:
        self._asked += 1
        message = json.dumps({"id": self._asked, "method": method})
        about = {"sessionId": self._id, "message": message}
        self._session.send("Target.sendMessageToTarget", about)

        def answered() -> bool:
            self._session.send("Target.getTargets")  # playwright tells of events while it is called
            return self._asked in self._answers

        wait_for(answered, f"the worker to answer {method}")
        return self._answers.pop(self._asked)

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message["result"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser without compilers."""
    plain = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[*ARGUMENTS, "--js-flags=--no-opt --no-maglev --no-sparkplug"],
    )
    page = plain.new_page(viewport={"width": 1920, "height": 1080})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    plain.close()
    assert errors == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("length", ["eighth", pytest.param("day", marks=pytest.mark.full)])
def test_a_day_leaves_nothing_behind(
    make_service: Callable[..., Service], page: Page, length: str
) -> None:
    ticks = TICKS[length]
    service = make_service(RETRY=200, HEARTBEAT=3600)
    with sampling_held_up(service):
        service.start()
        day = Day(service)
        # What the worker keeps for tabs that come later begins behind an id.
        first = day.log(1)
        wall = Wall(page, service).open(
            "/?host=day&panels=cpu,memory,disk,network,load,processes,log"
        )
        wall.page.evaluate(UNTIL_HEARD, first)
        wall.wait_until_joined()
        started = time.monotonic()
        day.pass_until(FIRST, wall)
        holdings = Holdings(page)
        before = holdings.count()
        day.pass_until(ticks, wall)
        after = holdings.count()
        measured(f"{ticks} ticks", time.monotonic() - started)
    print(f"measured: after {FIRST} ticks {before}, after {ticks} {after}")
    for event in FAST_EVENTS:
        rows = wall.rows(event, "day")
        assert rows.capacity <= len(rows.times) < 2 * rows.capacity
        assert rows.breaks == [], "not one of the newest is missing"
    assert wall.page.locator('[data-panel="log"] li').count() < 200
    assert wall.text('[data-panel="log"] li:first-child').endswith(f"second {ticks}")
    for what, count in before.items():
        assert after[what] <= count * MOST[length], what
