"""The server away, full or unreachable: the page says so, and is well again by itself."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.page.past import read_machine, write_past
from tests.page.relay import Nginx, Relay
from tests.page.wall import Wall, assert_same_as_history, measured
from tests.service import ROOT, Reader, Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

pytestmark = pytest.mark.usefixtures("outages")


def assert_nothing_lost(wall: Wall) -> None:
    """It is live, and has all that the log has: each sample once, and no gap between them."""
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.rows("cpu").breaks == []
    assert wall.link == "live"


def test_kill_and_start_again(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    wall = open_wall(service).wait_until_joined()
    last = wall.wait_for_sample()
    service.stop(signal.SIGKILL)
    wall.wait_for_link("lost")
    assert "trying again" in wall.text("[data-link-words]")
    started = time.monotonic()
    service.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("killed: from the start of the service to live", took)
    assert took < 15
    wall.wait_for_sample()
    assert_same_as_history(wall)
    rows = wall.rows("cpu")
    in_log = [event.data["time"] for event in service.logged("cpu", host="box")]
    assert set(in_log[:-1]) <= set(rows.samples)
    # The outage: nothing is drawn from the last sample before it to the first one after.
    before = max(at for at in rows.samples if at <= last + 1)
    after = min(at for at in rows.samples if at > last + 1)
    assert after - before > 1.5
    assert [at for at in rows.breaks if before < at < after]
    assert len(wall.history_requests) == 1, "a log that covers the outage is resumed from"


@pytest.mark.parametrize(
    ("replay", "histories"), [("5m", 2), ("1h", 1)], ids=["told as a gap", "replayed"]
)
def test_ten_minutes_of_log_time(
    make_service: Start, open_wall: OpenWall, tmp_path: Path, replay: str, histories: int
) -> None:
    # All workers' clocks are ten minutes behind until the server is away, and right afterwards.
    faults = tmp_path / "faults"
    faults.mkdir()
    (faults / "clock").write_text("-600")
    service = make_service(
        arguments=("-c", str(ROOT / "tests" / "faulty.py")), INTERVAL=0.5, REPLAY=replay
    )
    service.environ = {"VITALS_FAULTS": str(faults)}
    service.start().wait_until_ready()
    wall = open_wall(service, "/?window=15m").wait_until_joined()
    last = wall.wait_for_sample()
    assert last < time.time() - 590
    service.stop()
    wall.wait_for_link("lost")
    # For four of the ten minutes somebody else went on writing to the log.
    write_past(service, seconds=240, readings=read_machine("cpu"))
    (faults / "clock").unlink()
    started = time.monotonic()
    service.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured(f"ten minutes of log time, REPLAY={replay}: from the start to live", took)
    assert took < 15
    wait_for(lambda: len(wall.history_requests) == histories, "what was missed")
    wall.wait_for_sample(after=time.time() - 5)
    assert_same_as_history(wall, seconds=900)
    rows = wall.rows("cpu")
    assert sum(at > last for at in rows.samples) >= 240
    assert len([at for at in rows.breaks if last < at < time.time() - 240]) == 1, "six minutes"
    assert len(wall.history_requests) == histories
    assert wall.link == "live"


def test_a_broken_connection_is_caught_up_without_a_hole(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url).wait_until_joined()
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
    assert took < 5
    assert_nothing_lost(wall)


def test_a_gap_loads_history_once_more(
    start_service: Start, open_wall: OpenWall, make_relay: Callable[[Service], Relay]
) -> None:
    # The log covers it, but it is longer than the stream replays.
    service = start_service(INTERVAL=0.5, REPLAY=1).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, url=relay.url).wait_until_joined()
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
    wall = open_wall(service).wait_until_joined()
    for _ in range(4):
        wall.wait_for_sample()
    assert service.total("vitals_gaps_total") >= 1
    assert len(wall.history_requests) == 1
    assert wall.streams_opened == 1


def test_behind_nginx(
    start_service: Start, open_wall: OpenWall, make_nginx: Callable[[Service], Nginx]
) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    nginx = make_nginx(service)
    wall = open_wall(service, url=nginx.url).wait_until_joined()
    wall.wait_for_sample()

    nginx.close()
    wall.wait_for_link("lost")
    started = time.monotonic()
    nginx.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("nginx stopped: from its start to live", took)
    assert took < 10
    assert_nothing_lost(wall)

    service.stop(signal.SIGKILL)
    # EventSource gives up for good: nginx answers for the service, with 502.
    wait_for(lambda: "the stream was refused" in wall.text("[data-link-words]"), "the 502")
    assert wall.link == "lost"
    started = time.monotonic()
    service.start()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("killed behind nginx: from the start of the service to live", took)
    assert took < 15
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert len(wall.history_requests) == 1


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


NOTHING_TO_SHARE = """
    delete window.SharedWorker;
    Object.defineProperty(navigator, "locks", { value: undefined });
"""


@pytest.mark.parametrize("script", ["", NOTHING_TO_SHARE], ids=["worker", "page"])
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
    wall = Wall(page, service).open(url=relay.url).wait_until_joined()
    wall.wait_for_sample()
    front.bring_to_front()
    session = tabs.new_cdp_session(page)
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
    # Else the silence would be noticed seven seconds after the last sample: in some four from here.
    assert took < 3.5
    assert_nothing_lost(wall)
    assert len(wall.history_requests) == 1


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
    wall = open_wall(service, url=relay.url).wait_until_joined()
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
    wait_for(lambda: busy(service) > told + 2, "the page to ask again")
    assert wall.page.evaluate("window.links") == []
    assert wall.link == "lost"
    another.close()
    wall.wait_for_link("live")
    assert_nothing_lost(wall)
