"""The server away, full or unreachable: the page says so, and is well again by itself."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.page.engines import server, way  # noqa: F401
from tests.page.past import read_machine, write_past
from tests.page.relay import Nginx, Relay
from tests.page.wall import Wall, assert_nothing_lost, assert_same_as_history, measured
from tests.support.service import ROOT, Reader, Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

pytestmark = pytest.mark.usefixtures("outages")


def test_kill_and_start_again(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    wall = open_wall(service, noted=True).wait_until_joined()
    last = wall.wait_for_sample()
    service.stop(signal.SIGKILL)
    wall.wait_for_link("lost")
    assert "trying again" in wall.text("[data-link-words]")
    service.start()
    started = time.monotonic()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("killed: from a service that answers to live", took)
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
        arguments=("-c", str(ROOT / "tests" / "support" / "faulty.py")), INTERVAL=0.5, REPLAY=replay
    )
    service.environ = {"VITALS_FAULTS": str(faults)}
    service.start().wait_until_ready()
    wall = open_wall(service, "/?window=15m", noted=True).wait_until_joined()
    last = wall.wait_for_sample()
    assert last < time.time() - 590
    service.stop()
    wall.wait_for_link("lost")
    # For four of the ten minutes somebody else went on writing to the log.
    write_past(service, seconds=240, readings=read_machine("cpu"))
    (faults / "clock").unlink()
    service.start()
    started = time.monotonic()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured(f"ten minutes of log time, REPLAY={replay}: to live", took)
    assert took < 15
    wait_for(lambda: sum(at > last for at in wall.rows("cpu").samples) > 240, "what was missed")
    wall.wait_for_sample(after=time.time() - 5)
    assert_same_as_history(wall, seconds=900)
    rows = wall.rows("cpu")
    assert len([at for at in rows.breaks if last < at < time.time() - 240]) == 1, "six minutes"
    assert len(wall.history_requests) == histories
    assert wall.link == "live"


def test_behind_nginx(
    start_service: Start, open_wall: OpenWall, make_nginx: Callable[[Service], Nginx]
) -> None:
    service = start_service(INTERVAL=0.5).wait_until_ready()
    nginx = make_nginx(service)
    wall = open_wall(service, url=nginx.url, noted=True).wait_until_joined()
    wall.wait_for_sample()

    nginx.close()
    wall.wait_for_link("lost")
    nginx.start()
    started = time.monotonic()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("nginx stopped: from an nginx that answers to live", took)
    assert took < 15
    assert_nothing_lost(wall)

    service.stop(signal.SIGKILL)
    # EventSource gives up for good: nginx answers for the service, with 502.
    wait_for(lambda: "the stream was refused" in wall.text("[data-link-words]"), "the 502")
    assert wall.link == "lost"
    service.start()
    started = time.monotonic()
    wall.wait_for_link("live")
    took = time.monotonic() - started
    measured("killed behind nginx: from a service that answers to live", took)
    assert took < 15
    wall.wait_for_sample()
    assert_same_as_history(wall)
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
