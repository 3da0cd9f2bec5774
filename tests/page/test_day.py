"""A day's worth of ticks in one tab: at its end the page holds no more than near its beginning."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.page.past import read_machine, sampling_held_up
from tests.page.wall import Wall, measured
from tests.service import Service, wait_for

TICKS = 86_400
FIRST = 2_000
BATCH = 400
FAMILIES = ("cpu", "memory", "network")

# What the page needs for a day in a minute and a half is looked at from inside it.
UNTIL_HEARD = """async (last) => {
    const { store } = await import(document.querySelector("script[type=module]").src);
    while (store.time("day", "network") < last) await new Promise((go) => setTimeout(go, 5));
}"""
UNTIL_DRAWN = """async (last) => {
    const { board } = await import(document.querySelector("script[type=module]").src);
    while (!(board.view?.to >= last) || board.changed) await new Promise((go) => setTimeout(go, 20));
}"""


class Day:
    """Seconds of a machine that is called day, from now on: the page's clock goes along with them."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.ticks = 0
        self._start = float(int(time.time()))
        self._readings = read_machine(*FAMILIES)

    def pass_until(self, ticks: int) -> None:
        """Log ticks until there are so many, no faster than the page takes them."""
        heard = self._last
        while self.ticks < ticks:
            batch = []
            for _ in range(min(BATCH, ticks - self.ticks)):
                self.ticks += 1
                batch += [(name, "day", self._figures(name)) for name in FAMILIES]
            self.wall.service.append_all(batch)
            # The next batch is on its way while the page takes this one.
            self.wall.page.evaluate(UNTIL_HEARD, heard)
            heard = self._last
        self.wall.page.evaluate(UNTIL_HEARD, heard)
        self.wall.page.evaluate(UNTIL_DRAWN, heard)

    @property
    def _last(self) -> float:
        return self._start + self.ticks

    def _figures(self, name: str) -> dict[str, Any]:
        reading = self._readings[name] | {"time": self._last}
        if name == "network":
            return reading | {"received_bytes_per_second": self.ticks * 7919 % 1_000_003}
        return reading | {"percent": self.ticks * 7919 % 1000 / 10}


class Heaps:
    """The memory that is in use after garbage collection, in the page and in the shared worker."""

    def __init__(self, page: Page) -> None:
        browser = page.context.browser
        assert browser is not None
        self._page = page.context.new_cdp_session(page)
        self._page.send("Performance.enable")
        self._browser = browser.new_browser_cdp_session()
        targets = self._browser.send("Target.getTargets")["targetInfos"]
        (worker,) = [one for one in targets if one["type"] == "shared_worker"]
        self._worker = _Through(self._browser, worker["targetId"])

    def measure(self) -> dict[str, float]:
        """Bytes, and counts of nodes and listeners."""
        for session in (self._page, self._worker):
            for _ in range(3):
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

    def _hear(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if "id" in message:
            self._answers[message["id"]] = message["result"]

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


@pytest.mark.timeout(400)
def test_a_day_leaves_nothing_behind(
    make_service: Callable[..., Service], open_wall: Callable[..., Wall], page: Page
) -> None:
    service = make_service(RETRY=200, HEARTBEAT=3600)
    with sampling_held_up(service):
        service.start()
        wall = open_wall(service, "/?host=day&panels=cpu,memory,network&tiles=cpu,memory,received")
        wait_for(lambda: wall.streams_opened, "the stream")
        day = Day(wall)
        started = time.monotonic()
        day.pass_until(FIRST)
        heaps = Heaps(page)
        before = heaps.measure()
        for _ in range(6):
            day.pass_until(day.ticks + (TICKS - FIRST) // 6)
            print(time.monotonic() - started, heaps.measure())
        day.pass_until(TICKS)
        after = heaps.measure()
    measured(f"{TICKS} ticks of {len(FAMILIES)} families", time.monotonic() - started)
    print(f"measured: after {FIRST} ticks {before}, after {TICKS} {after}")
    rows = wall.rows("cpu", "day")
    assert rows.capacity <= len(rows.times) < 2 * rows.capacity
    for what, most in before.items():
        assert after[what] <= most * 1.05, what
