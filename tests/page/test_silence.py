"""A connection that nobody has closed is silent: the page notices, and begins a new one."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from tests.page.engines import server, way  # noqa: F401
from tests.page.relay import Relay
from tests.page.wall import Wall, assert_nothing_lost, measured
from tests.support.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

pytestmark = pytest.mark.usefixtures("outages")


def test_a_half_open_connection_is_left(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    service = start_service(INTERVAL=0.5, HEARTBEAT=1).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url).wait_until_joined()
    wall.wait_for_sample()
    opened = wall.streams_opened
    relay.freeze_streams()
    frozen = time.monotonic()
    wall.wait_for_link("stale")
    wall.wait_for_link("live")
    took = time.monotonic() - frozen
    measured("half-open, HEARTBEAT=1, from silence to live", took)
    # Without the server's word for it the page would have waited 20 s.
    assert 5 < took < 19
    assert wall.streams_opened == opened + 1
    assert_nothing_lost(wall)


NO_WORKER = "delete window.SharedWorker;"


# On both the stream that tabs share; to open one's own in its place is the browser's matter alone.
@pytest.mark.parametrize(
    ("way", "script"),
    [
        pytest.param("sqlite", "", id="sqlite-worker"),
        pytest.param("redis", "", id="redis-worker", marks=pytest.mark.full),  # as in engines.py
        pytest.param("sqlite", NO_WORKER, id="sqlite-page"),
    ],
    indirect=["way"],
)
def test_a_display_that_was_asleep(
    start_service: Start,
    tabs: BrowserContext,
    make_relay: Callable[[Service], Relay],
    script: str,
) -> None:
    service = start_service(INTERVAL=0.5, HEARTBEAT=2).wait_until_ready()
    relay = make_relay(service)
    page, front = tabs.pages[0], tabs.new_page()
    page.add_init_script(script)
    wall = Wall(page, service).open(url=relay.url, noted=True).wait_until_joined()
    wall.wait_for_sample()
    session = tabs.new_cdp_session(page)

    def sleep_and_wake() -> float:
        front.bring_to_front()
        session.send("Page.setWebLifecycleState", {"state": "frozen"})
        # And while it sleeps the network forgets its connection.
        relay.freeze_streams()
        slept = time.time()
        wait_for(lambda: float(service.logged("cpu")[-1].data["time"]) > slept + 3, "some samples")
        woke = time.time()
        session.send("Page.setWebLifecycleState", {"state": "active"})
        page.bring_to_front()
        wall.wait_for_sample(after=woke)
        took = time.time() - woke
        measured("asleep, from waking up to the first new sample", took)
        return took

    # Else the silence would be noticed seven seconds after the last sample: in some four from here,
    # each time. A busy machine may be late once.
    assert any(sleep_and_wake() < 3.5 for _ in range(3))
    assert_nothing_lost(wall)
    assert len(wall.history_requests) == 1
