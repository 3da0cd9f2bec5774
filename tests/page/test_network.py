"""The network between page and service breaks: the page catches up, without a hole."""

from collections.abc import Callable

import pytest

from tests.page.engines import server, way  # noqa: F401
from tests.page.relay import Relay
from tests.page.wall import Wall, assert_nothing_lost, measured
from tests.support.service import Service

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

pytestmark = pytest.mark.usefixtures("outages")


def test_a_broken_connection_is_caught_up_without_a_hole(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url, noted=True).wait_until_joined()
    relay.cut()
    wall.wait_for_link("lost")
    relay.mend()
    measured("network cut: from its return to live", wall.wait_for_link("live"))
    assert_nothing_lost(wall)
    assert len(wall.history_requests) == 1


def test_a_network_that_comes_back_is_not_waited_for(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    # The browser itself would try again after thirty seconds or more.
    service = start_service(INTERVAL=0.5, RETRY=60_000).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url).wait_until_joined()
    relay.cut()
    wall.page.context.set_offline(True)
    wall.wait_for_link("lost")
    relay.mend()
    wall.page.context.set_offline(False)
    took = wall.wait_for_link("live")
    measured("offline: from the event online to live", took)
    assert took < 20
    assert_nothing_lost(wall)


def test_a_gap_loads_history_once_more(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    # The log covers it, but it is longer than the stream replays.
    service = start_service(INTERVAL=0.5, REPLAY=1).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url, noted=True).wait_until_joined()
    relay.cut()
    wall.wait_for_link("lost")
    asked = len(wall.history_requests)
    relay.mend()
    wall.wait_for_link("live")
    for _ in range(4):
        wall.wait_for_sample()
    assert len(wall.history_requests) == asked + 1
    assert service.total("vitals_gaps_total") >= 1
    assert_nothing_lost(wall)


def test_a_gap_behind_history_is_no_loop(start_service: Start, open_wall: OpenWall) -> None:
    # Every resume is a gap: also that of the stream right behind history.
    service = start_service(INTERVAL=0.5, REPLAY=0).wait_until_ready()
    wall = open_wall(service, noted=True).wait_until_joined()
    for _ in range(4):
        wall.wait_for_sample()
    assert service.total("vitals_gaps_total") >= 1
    assert len(wall.history_requests) == 1
    assert wall.streams_opened == 1
