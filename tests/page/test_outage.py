"""The server away, full or unreachable: the page says so, and is well again by itself."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.page.relay import Nginx, Relay
from tests.page.wall import Wall, assert_same_as_history, measured
from tests.service import Reader, Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

pytestmark = pytest.mark.usefixtures("outages")


def test_kill_and_start_again(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service().wait_until_ready()
    wall = open_wall(service)
    wall.wait_for_link("live")
    last = wall.wait_for_sample()
    service.stop(signal.SIGKILL)
    wall.wait_for_link("lost")
    assert "trying again" in wall.text("[data-link-words]")
    started = time.monotonic()
    service.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("from the start of the service to live", took)
    assert took < 15
    wall.wait_for_sample()
    assert_same_as_history(wall)
    rows = wall.rows("cpu")
    in_log = [event.data["time"] for event in service.logged("cpu", host="box")]
    assert set(in_log[:-1]) <= set(rows.samples)
    # The outage: nothing is drawn from the last sample before it to the first one after.
    before = max(at for at in rows.samples if at <= last + 2)
    after = min(at for at in rows.samples if at > last + 2)
    assert after - before > 3
    assert [at for at in rows.breaks if before < at < after]
    assert len(wall.history_requests) == 1, "a log that covers the outage is resumed from"


def test_a_broken_connection_is_caught_up_without_a_hole(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url)
    wall.wait_for_link("live")
    relay.cut()
    wall.wait_for_link("lost")
    relay.mend()
    wall.wait_for_link("live")
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []
    assert len(wall.history_requests) == 1


def test_a_gap_loads_history_once_more(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    # The log covers it, but it is longer than the stream replays.
    service = start_service(INTERVAL=0.5, REPLAY=1).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url)
    wall.wait_for_link("live")
    relay.cut()
    wall.wait_for_link("lost")
    asked = len(wall.history_requests)
    relay.mend()
    wall.wait_for_link("live")
    for _ in range(4):
        wall.wait_for_sample()
    assert len(wall.history_requests) == asked + 1
    assert service.total("vitals_gaps_total") >= 1
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []


def test_a_gap_behind_history_is_no_loop(start_service: Start, open_wall: OpenWall) -> None:
    # Every resume is a gap: also that of the stream right behind history.
    service = start_service(INTERVAL=0.5, REPLAY=0).wait_until_ready()
    wall = open_wall(service)
    wall.wait_for_link("live")
    for _ in range(4):
        wall.wait_for_sample()
    assert service.total("vitals_gaps_total") >= 1
    assert len(wall.history_requests) == 1
    assert len(wall.stream_requests) == 1


def test_behind_nginx(
    start_service: Start, open_wall: OpenWall, make_nginx: Callable[[Service], Nginx]
) -> None:
    service = start_service().wait_until_ready()
    nginx = make_nginx(service)
    wall = open_wall(service, url=nginx.url)
    wall.wait_for_link("live")
    assert "".join(wall.stream_requests).startswith(nginx.url)
    wall.wait_for_sample()
    service.stop(signal.SIGKILL)
    wall.wait_for_link("lost")
    # EventSource has given up for good by now: nginx answers for the service, with 502.
    wait_for(lambda: "the stream was refused" in wall.text("[data-link-words]"), "the 502")
    started = time.monotonic()
    service.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("behind nginx, from the start of the service to live", took)
    assert took < 15
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert len(wall.history_requests) == 1


def test_a_half_open_connection_is_left(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    service = start_service(INTERVAL=0.5, HEARTBEAT=1).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url)
    wall.wait_for_link("live")
    wall.wait_for_sample()
    asked = len(wall.stream_requests)
    relay.freeze_streams()
    frozen = time.monotonic()
    wall.wait_for_link("stale")
    wall.wait_for_link("live")
    took = time.monotonic() - frozen
    measured("half-open, HEARTBEAT=1, from silence to live", took)
    # Without the server's word for it the page would have waited 20 s.
    assert 5 < took < 19
    assert len(wall.stream_requests) == asked + 1
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []


def busy(service: Service) -> float:
    return service.total("vitals_streams_dropped_total", reason="busy")


def test_a_full_server(
    start_service: Start,
    open_wall: OpenWall,
    make_relay: Callable[[Service], Relay],
    read: Callable[..., Reader],
) -> None:
    service = start_service(INTERVAL=0.5, MAX_STREAMS=1, RETRY=200).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url)
    wall.wait_for_link("live")
    relay.cut()
    wait_for(lambda: service.total("vitals_streams") == 0, "the page to be gone")
    another = read(service)
    another.wait_for(1, "hello")
    relay.mend()
    wall.wait_for_link("lost")
    wait_for(lambda: "the server is full" in wall.text("[data-link-words]"), "busy")
    # However often it is told so: being told so is no connection.
    wall.page.evaluate(
        """() => {
            window.links = [];
            new MutationObserver(() => window.links.push(document.documentElement.dataset.link))
                .observe(document.documentElement, { attributeFilter: ["data-link"] });
        }"""
    )
    told = busy(service)
    wait_for(lambda: busy(service) > told + 4, "the page to ask again")
    assert wall.page.evaluate("window.links") == []
    assert wall.link == "lost"
    another.close()
    wall.wait_for_link("live")
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []
