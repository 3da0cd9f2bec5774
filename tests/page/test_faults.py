"""Parts of the machine or of the service that fail, while the page goes on with the rest."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.page.wall import FAST_PANELS, FAST_TILES, Wall
from tests.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]


@contextmanager
def log_unusable(service: Service) -> Iterator[None]:
    """A folder where the log's file was: as root no permission would do."""

    def replaced() -> bool:
        service.delete_log()
        try:
            service.log_file.mkdir(parents=True)
        except FileExistsError:
            return False  # the service was quicker, and made a new file
        return True

    wait_for(replaced, "the log to be gone")
    try:
        yield
    finally:
        service.log_file.rmdir()


def test_samples_without_ids_are_shown(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service().wait_until_ready()
    wall = open_wall(service)
    wall.wait_for_link("live")
    with log_unusable(service):
        wait_for(lambda: service.get("/readyz").status_code == 503, "the log's trouble")
        for _ in range(4):
            wall.wait_for_sample()
            assert wall.link == "live"
        assert service.total("vitals_events_unlogged_total") > 0
    service.wait_until_ready()
    for _ in range(3):
        wall.wait_for_sample()
    rows = wall.rows("cpu")
    assert rows.times == sorted(set(rows.times))
    assert rows.breaks == []
    assert len(rows.samples) >= 8
    assert wall.streams_opened == len(wall.history_requests) == 1


@pytest.mark.usefixtures("outages")
def test_history_that_fails_at_load(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service()
    with log_unusable(service):
        service.start()
        wall = open_wall(service)
        wait_for(lambda: "history answered 503" in wall.text("[data-link-words]"), "the reason")
        assert wall.link == "lost"
        wait_for(lambda: len(wall.history_requests) > 2, "another try")
    wall.wait_for_link("live")
    wall.wait_for('[data-tile="cpu"][data-freshness="fresh"]')
    assert wall.text("[data-link-state]") == "live"


def test_a_hung_family_goes_stale_alone(
    make_service: Start, open_wall: OpenWall, tmp_path: Path
) -> None:
    hang = tmp_path / "hang"
    service = make_service(arguments=("-c", str(Path(__file__).with_name("hanging_conf.py"))))
    service.environ = {"VITALS_TEST_HANG": str(hang)}
    service.start().wait_until_ready()
    wall = open_wall(service)
    disk = '[data-tile="filesystem"]'
    wall.wait_for(f'{disk}[data-freshness="fresh"]')
    hang.touch()
    wall.wait_for(f'{disk}[data-freshness="stale"]')
    assert wall.text(f"{disk} .age").endswith(" s old")
    for _ in range(3):
        wall.wait_for_sample()
        stale = wall.page.eval_on_selector_all(
            '[data-freshness="stale"]',
            "(all) => all.map((one) => one.dataset.tile ?? one.dataset.panel ?? one.outerHTML)",
        )
        assert stale == ["filesystem"]
    assert wall.link == "live"
    for name in FAST_TILES:
        assert wall.freshness(f'[data-tile="{name}"]') == "fresh"
    for name in FAST_PANELS:
        assert wall.freshness(f'[data-panel="{name}"]') == "fresh"
    hang.unlink()
    wall.wait_for(f'{disk}[data-freshness="fresh"]')
    assert wall.text(f"{disk} .age") == ""


NAME = "<img src=x>"
BUSY = f"""
import ctypes
ctypes.CDLL(None).prctl(15, {NAME.encode()!r})  # PR_SET_NAME
print(flush=True)
while True:
    pass
"""


def test_a_process_named_like_a_tag_is_text(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service().wait_until_ready()
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as busy:
        try:
            assert busy.stdout is not None
            busy.stdout.readline()
            assert Path(f"/proc/{busy.pid}/comm").read_text().strip() == NAME
            wall = open_wall(service)
            wall.page.get_by_role("cell", name=NAME, exact=True).wait_for()
            assert wall.page.locator("img").count() == 0
        finally:
            busy.send_signal(signal.SIGKILL)
