"""Parts of the machine or of the service that fail, while the page goes on with the rest."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.page.wall import FAST_PANELS, FAST_TILES, Wall, assert_same_as_history, measured
from tests.support.service import Service, wait_for

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
    service = start_service(INTERVAL=0.5).wait_until_ready()
    wall = open_wall(service, noted=True).wait_until_joined()
    with log_unusable(service):
        wait_for(lambda: service.get("/readyz").status_code == 503, "the log's trouble")
        for _ in range(4):
            wall.wait_for_sample()
            assert wall.link == "live"
        assert service.total("vitals_events_unlogged_total") > 0
        assert wall.streams_opened == len(wall.history_requests) == 1
        shown = wall.rows("cpu").samples
    service.wait_until_ready()
    for _ in range(3):
        wall.wait_for_sample()
    rows = wall.rows("cpu")
    assert rows.times == sorted(set(rows.times))
    assert rows.breaks == []
    assert len(rows.samples) >= 8
    assert set(shown) <= set(rows.samples)
    # The log is another one, which the stream tells of.
    wait_for(lambda: len(wall.history_requests) > 1, "the history to be loaded anew")


@pytest.mark.usefixtures("outages")
def test_history_that_fails_at_load(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service(INTERVAL=0.5)
    with log_unusable(service):
        service.start()
        wall = open_wall(service, noted=True)
        # It goes on asking, and shows meanwhile what comes.
        wait_for(lambda: len(wall.history_requests) > 3, "another try")
        wall.wait_for_link("live")
        assert wall.trouble == "history answered 503"
        wall.wait_for('[data-tile="cpu"][data-freshness="fresh"]')
        assert wall.value("cpu.percent") not in {None, ""}
    wait_for(lambda: not wall.trouble, "history")
    for _ in range(4):
        wall.wait_for_sample()
    assert_same_as_history(wall)
    assert wall.text("[data-link-state]") == "live"
    # What was held is logged just then. If some of it came between what history told and the page's
    # place behind that, the stream is opened from there, once.
    assert wall.streams_opened <= 2


CADENCE = 0.8
CLOCK = """(time) => new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit", minute: "2-digit", second: "2-digit",
}).format(time * 1000)"""


def test_a_hung_family_dims_alone_and_then_gives_way(
    make_service: Start, open_wall: OpenWall, tmp_path: Path
) -> None:
    hang = tmp_path / "hang"
    conf = str(Path(__file__).with_name("hanging_conf.py"))
    service = make_service(arguments=("-c", conf), INTERVAL=0.5)
    service.environ = {"VITALS_TEST_HANG": str(hang), "VITALS_TEST_CADENCE": str(CADENCE)}
    service.start().wait_until_ready()
    wall = open_wall(service, "/?panels=filesystem,cpu,memory,disk,network,load")
    tile, panel = '[data-tile="filesystem"]', '[data-panel="filesystem"]'
    wall.wait_for(f'{tile}[data-freshness="fresh"]')
    figure = wall.value("filesystem.percent")
    hang.touch()

    wall.wait_for(f'{tile}[data-freshness="stale"]')
    silence = time.time() - wall.newest("filesystem")
    assert 3 * CADENCE < silence < 3 * CADENCE + 4
    wall.wait_for(f'{panel}[data-freshness="stale"]')
    assert wall.text(f"{tile} .age").endswith(" s old")
    assert wall.value("filesystem.percent") == figure, "old, but still to be read"
    for _ in range(3):
        wall.wait_for_sample()
        assert_alone(wall, "stale")

    wall.wait_for(f'{tile}[data-freshness="gone"]')
    silence = time.time() - wall.newest("filesystem")
    measured("a family that hangs, until its figures give way", silence)
    assert 10 * CADENCE < silence < 10 * CADENCE + 4
    wall.wait_for(f'{panel}[data-freshness="gone"]')
    since = "since " + wall.page.evaluate(CLOCK, wall.newest("filesystem"))
    for element in (tile, panel):
        assert wall.text(f"{element} .age") == since
    wall.wait_for(f'{tile} [data-value="filesystem.percent"][value=""]')
    assert wall.text(f"{tile} .number data") == "—"
    cells = wall.page.locator(f"{panel} tbody tr:not([hidden]) td:not(:first-child)")
    assert set(cells.all_text_contents()) == {"—"}
    assert_alone(wall, "gone")
    # The curve itself stays where it was.
    assert wall.rows("filesystem").samples

    hang.unlink()
    for element in (tile, panel):
        wall.wait_for(f'{element}[data-freshness="fresh"]')
    wall.wait_for(f'{tile} [data-value="filesystem.percent"]:not([value=""])')
    assert re.fullmatch(r"\d s", wall.text(f"{tile} .age"))


def assert_alone(wall: Wall, freshness: str) -> None:
    """The file systems' tile and panel are like this, and all others are fresh and live."""
    like_this = wall.page.eval_on_selector_all(
        f'[data-freshness="{freshness}"]',
        "(all) => all.map((one) => one.dataset.tile ?? one.dataset.panel ?? one.outerHTML)",
    )
    assert like_this == ["filesystem"] * 2
    assert wall.link == "live"
    for name in FAST_TILES:
        assert wall.freshness(f'[data-tile="{name}"]') == "fresh"
    for name in FAST_PANELS:
        assert wall.freshness(f'[data-panel="{name}"]') == "fresh"


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
