"""What the page costs: it draws no more than can be seen. What it holds is in test_day.py."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.page.past import Readings, read_machine, sampling_held_up
from tests.page.relay import Relay
from tests.page.wall import FAST_EVENTS, MODULE, Wall, measured
from tests.support.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

# How often a chart was drawn: each of its drawings begins by clearing its one canvas.
COUNT_DRAWINGS = """
window.drawings = 0;
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.closest('[data-panel="memory"]')) window.drawings += 1;
    return clear.apply(this, box);
};
"""

IDLE = f"""async () => document.fonts.status === "loaded" && !({MODULE}).grid.renderLoop.wanted"""


class Ticks:
    """Samples as a sampler would log them, at times that need not pass: real readings of now."""

    def __init__(self, service: Service, *, start: float, step: float) -> None:
        self.service = service
        self.readings: Readings = read_machine(*FAST_EVENTS, "processes")
        self.next = start
        self.step = step

    def log(self, count: int) -> float:
        """Log some ticks, and return the time of the last."""
        batch = []
        for _ in range(count):
            at = round(self.next, 3)
            self.next += self.step
            batch += [
                (name, "box", {**reading, "time": at})
                for name, reading in self.readings.items()
                if name != "processes"
            ]
        batch.append(("processes", "box", {**self.readings["processes"], "time": at}))
        self.service.append_all(batch)
        return at


def drawings(page: Page) -> int:
    return int(page.evaluate("window.drawings"))


@pytest.mark.usefixtures("outages")
def test_a_burst_is_drawn_a_few_times(
    make_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay], page: Page
) -> None:
    count = 2500
    service = make_service(INTERVAL=0.1, RETRY=200)
    with sampling_held_up(service):
        service.start()
        ticks = Ticks(service, start=time.time() - count / 10 - 1, step=0.1)
        first = ticks.log(1)
        relay = make_relay(service)
        page.add_init_script(COUNT_DRAWINGS)
        wall = open_wall(service, url=relay.url)
        wait_for(lambda: wall.newest("memory") == first, "the first sample")
        relay.cut()
        for _ in range(count // 100):
            last = ticks.log(100)
        drawn, started = drawings(page), time.monotonic()
        relay.mend()
        wait_for(lambda: wall.newest("memory") == last, "the replay")
        took = time.monotonic() - started
        drawn = drawings(page) - drawn
        measured(f"replay of {5 * count} events in {drawn} drawings", took)
        assert len(wall.rows("memory").samples) == count + 1
        # Five a second, and one or two at the edges.
        assert drawn <= took / 0.2 + 3
        assert drawn < count / 50
        before = drawings(page)
        wait_for(lambda: drawings(page) > before, "the burst to be drawn")


def test_a_list_that_comes_late_draws_no_charts(
    make_service: Start, open_wall: OpenWall, page: Page
) -> None:
    service = make_service(INTERVAL=3600)
    with sampling_held_up(service):
        service.start()
        tick = {"time": time.time()}
        readings = {name: reading | tick for name, reading in read_machine().items()}
        service.append_all((name, "box", readings[name]) for name in FAST_EVENTS)
        page.add_init_script(COUNT_DRAWINGS)
        wall = open_wall(service).wait_until_joined()
        page.wait_for_function(IDLE)
        drawn = drawings(page)
        assert drawn > 0
        # A moment after the others of its tick, as processes take longest to read.
        service.append_all([("processes", "box", readings["processes"])])
        wall.wait_for('[data-panel="processes"] td')
        page.wait_for_function(IDLE)
        assert drawings(page) == drawn
        service.append_all([("memory", "box", readings["memory"] | {"time": time.time()})])
        wait_for(lambda: drawings(page) > drawn, "the chart with a new figure")


def test_a_hidden_tab_draws_nothing(start_service: Start, tabs: BrowserContext) -> None:
    service = start_service().wait_until_ready()
    page = tabs.pages[0]
    page.add_init_script(COUNT_DRAWINGS)
    wall = Wall(page, service).open()
    wall.wait_for_link("live")
    wait_for(lambda: drawings(page) > 1, "the first drawings")
    front = tabs.new_page()
    front.bring_to_front()
    assert page.evaluate("document.visibilityState") == "hidden"
    drawn = drawings(page)
    for _ in range(3):
        wall.wait_for_sample()
    assert drawings(page) == drawn
    # It listens on, and its title says how it is.
    assert wall.link == "live"
    page.bring_to_front()
    wait_for(lambda: drawings(page) > drawn, "what came meanwhile to be drawn")
