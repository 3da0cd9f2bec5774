"""Redis goes away under open pages, and comes back with its data, without it, or only late.

One page is of the service's own machine, whose samples go on; one of a machine elsewhere, whose
figures come through Redis and so are missing for as long.
"""

import math
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.page.far import Machine
from tests.page.wall import Wall, assert_same_as_history, measured
from tests.support.redis_server import RedisServer
from tests.support.service import Service, wait_for

INTERVAL = 0.4

pytestmark = pytest.mark.usefixtures("outages")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder).start()
    yield server
    server.kill()


@pytest.fixture
def far(server: RedisServer) -> Iterator[Machine]:
    machine = Machine(server.url, interval=INTERVAL)
    yield machine
    machine.close()


class Pages:
    """Both pages, while Redis is there and while it is not."""

    def __init__(self, page: Page, service: Service, far: Machine) -> None:
        self.far = far
        self.service = service
        wait_for(lambda: far.times, "the machine elsewhere")
        self.own = Wall(page, service).open("/?host=box", noted=True).wait_until_joined()
        self.others = (
            Wall(page.context.new_page(), service)
            .open("/?host=far", noted=True)
            .wait_until_joined()
        )
        # What is newer has come by the stream.
        self.joined = max(self.own.newest("cpu"), self.others.newest("cpu", "far"))

    def see_some(self) -> None:
        """Wait until each has two new samples."""
        for _ in range(2):
            self.own.wait_for_sample()
        wait_for(lambda: self.drawn[-1] >= self.far.times[-1], "what is acknowledged")

    def live_through(self) -> float:
        """What the pages do while Redis is away; returns the last time that the other one has."""
        self.others.wait_for_link("stale")
        assert self.others.text("[data-link-words]").startswith("last sample")
        last = self.others.newest("cpu", "far")
        # Long enough to be a break, and its own machine's figures go on all the time.
        wait_for(lambda: self.own.newest("cpu") > last + 6 * INTERVAL, "live samples")
        self.own.wait_for_link("live")
        assert self.service.total("vitals_events_unlogged_total") > 0
        assert self.others.link == "stale"
        return last

    def recover(self, last: float) -> None:
        """Wait until both are live, and all that was held has been logged."""
        started = time.monotonic()
        for wall in (self.others, self.own):
            wall.wait_for_link("live")
        measured("Redis is there again, until both pages are live", time.monotonic() - started)
        wait_for(lambda: self.far.times[-1] > last + INTERVAL, "the machine elsewhere")
        wait_for(lambda: self.service.total("vitals_events_held") == 0, "what is held")
        self.see_some()

    @property
    def drawn(self) -> list[float]:
        """The times of the other machine's figures on its page."""
        return self.others.rows("cpu", "far").samples

    def assert_each_once(
        self, last: float, *, lost: tuple[float, float] = (0, 0), reloaded: float = math.inf
    ) -> None:
        """Whatever was acknowledged is drawn, once, but for what Redis may have lost unread.

        And the line of the machine elsewhere is broken where its figures are missing. What is newer
        than `reloaded` may have come by a second history.
        """
        rows = self.others.rows("cpu", "far")
        start, end = rows.samples[0], rows.samples[-1]
        wanted = [at for at in self.far.times if start <= at <= end]
        missed = set(wanted) - set(rows.samples)
        assert not [at for at in missed if not lost[0] < at < lost[1]]
        assert any(at > last for at in rows.breaks), "its line goes on"
        own = self.own.rows("cpu")
        assert len([at for at in own.samples if last < at <= last + 6 * INTERVAL]) >= 3
        for one in (rows, own):
            assert one.times == sorted(set(one.times)), "not in order, or twice"
            # Where lines are broken there was nothing for as long as that takes, and nowhere else.
            for before, after in pairwise(one.samples):
                is_broken = any(before < at < after for at in one.breaks)
                silence = round(after - before, 3)
                if self.joined <= before and after < reloaded:
                    assert is_broken == (silence > round(3 * INTERVAL, 3))
                else:  # history goes by the distances around it
                    assert not is_broken or silence > 2 * INTERVAL


@pytest.fixture
def pages(
    page: Page, server: RedisServer, make_service: Callable[..., Service], far: Machine
) -> Pages:
    service = make_service(workers=2, LOG=server.url, INTERVAL=INTERVAL)
    # The history has this one from its start on, and goes on having it whatever Redis loses.
    service.append("cpu", "box", percent=50.0)
    return Pages(page, service.start().wait_until_ready(), far)


def test_killed_and_started_again_with_its_data(pages: Pages, server: RedisServer) -> None:
    pages.see_some()
    server.kill()
    last = pages.live_through()
    server.start()
    pages.recover(last)
    pages.assert_each_once(last)
    assert_same_as_history(pages.own)
    for wall in (pages.own, pages.others):
        assert len(wall.history_requests) == 1


def test_killed_and_started_again_without_its_data(pages: Pages, server: RedisServer) -> None:
    pages.see_some()
    shown, drawn = pages.own.rows("cpu").samples, pages.drawn
    server.kill()
    server.lose_data()
    last = pages.live_through()
    server.start()
    pages.recover(last)
    own, far = (
        float(pages.service.logged("cpu", host=host)[0].data["time"]) for host in ("box", "far")
    )
    pages.assert_each_once(last, lost=(last, far), reloaded=min(own, last))
    # What Redis has lost had been told: it stays.
    assert set(shown) <= set(pages.own.rows("cpu").samples)
    assert set(drawn) <= set(pages.drawn)
    assert len(pages.own.history_requests) > 1
    assert_same_as_history(pages.own, since=own)


def test_frozen_for_a_while(pages: Pages, server: RedisServer) -> None:
    pages.see_some()
    server.freeze()
    try:
        last = pages.live_through()
    finally:
        server.thaw()
    pages.recover(last)
    pages.assert_each_once(last)
    assert_same_as_history(pages.own)
    for wall in (pages.own, pages.others):
        assert len(wall.history_requests) == 1
