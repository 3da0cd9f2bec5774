"""What the page shows while all is well, and from when on it says that it is not."""

import os
import re
import signal
import time
from collections.abc import Callable
from itertools import pairwise

from playwright.sync_api import Page

from tests.page.past import sampling_held_up, write_past
from tests.page.wall import (
    FAST_EVENTS,
    FAST_PANELS,
    FAST_TILES,
    Wall,
    assert_same_as_history,
    measured,
)
from tests.support.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]


def test_charts_are_full_right_after_a_reload(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service()
    write_past(service)
    service.start().wait_until_ready()
    wall = open_wall(service, noted=True)
    wall.wait_for_link("live")

    started = time.monotonic()
    wall.page.reload()
    wall.wait_for_ink("cpu", "blue")
    measured("from reload to drawn charts", time.monotonic() - started)
    now = time.time()
    for event in FAST_EVENTS:
        rows = wall.rows(event)
        assert rows.samples[0] < now - 295, event
        assert len(rows.samples) > 290, event
    for panel, color in (("cpu", "blue"), ("memory", "green"), ("load", "ink-dim")):
        ink = wall.wait_for_ink(panel, color)
        assert ink[0][0] < 0.03, panel
        assert ink[-1][1] > 0.97, panel
    wall.wait_for_sample()
    assert_same_as_history(wall)
    assert len(wall.history_requests) == 2, "one for each load"


def test_a_hole_in_the_log_is_a_hole_in_the_line(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service()
    write_past(service, hole=(200, 100))
    service.start().wait_until_ready()
    wall = open_wall(service)
    ink = wall.wait_for_ink("memory", "green")
    bare = [(left[1], right[0]) for left, right in pairwise(ink)]
    widest = max(end - start for start, end in bare)
    assert 0.30 < widest < 0.36, ink


def test_the_newest_sample_has_room(make_service: Start, open_wall: OpenWall) -> None:
    # A sample is taken a moment after its interval, so it is just outside of the last whole one.
    interval = 10
    service = make_service(INTERVAL=interval)
    quiet = {"disk": {"read_bytes_per_second": 0, "write_bytes_per_second": 0}}
    with sampling_held_up(service):
        write_past(service, seconds=60, readings=quiet)
        service.start()
        wall = open_wall(service)
        wall.wait_for_ink("disk", "orange")
        into = time.time() % interval
        if not 0.5 < into < interval / 2:
            time.sleep((interval - into + 0.5) % interval)
        service.append("disk", host="box", **quiet["disk"] | {"read_bytes_per_second": 28e6})
        wall.wait_for(
            '[data-panel="disk"] [data-value="disk.read_bytes_per_second"][value="28000000"]'
        )
        top = wall.top("disk", "blue")
        assert top is not None
        assert 0.03 < top < 0.08, "28 of the 30 MB/s that the axis has above, and 7.5 below"


def test_stale_within_four_seconds_of_silence(start_service: Start, open_wall: OpenWall) -> None:
    service = start_service(workers=2).wait_until_ready()
    wall = open_wall(service)
    wall.wait_for_link("live")
    for name in FAST_TILES:
        wall.wait_for(f'[data-tile="{name}"][data-freshness="fresh"]')
    bright = opacity(wall, '[data-tile="cpu"] .sparkline')
    leader = service.leader()
    os.kill(leader, signal.SIGSTOP)
    try:
        wall.wait_for_link("stale")
        silence = time.time() - wall.newest("cpu")
        measured("silence until the page says stale", silence)
        # Three intervals and a quarter of a second; the rest is for a busy machine.
        assert silence < 8
        assert "last sample" in wall.text("[data-link-words]")
        for name in FAST_TILES:
            tile = f'[data-tile="{name}"]'
            wall.wait_for(f'{tile}[data-freshness="stale"]')
            assert wall.text(f"{tile} .age").endswith(" s old")
        for name in FAST_PANELS:
            wall.wait_for(f'[data-panel="{name}"][data-freshness="stale"]')
        assert opacity(wall, '[data-tile="cpu"] .sparkline') < bright
        assert "stale" in wall.text("[data-announcer]")
        assert wall.page.title().startswith("stale")
    finally:
        os.kill(leader, signal.SIGCONT)
    measured("from SIGCONT to live", wall.wait_for_link("live"))
    wall.wait_for('[data-tile="cpu"][data-freshness="fresh"]')
    assert re.fullmatch(r"\d s", wall.text('[data-tile="cpu"] .age'))
    assert opacity(wall, '[data-tile="cpu"] .sparkline') == bright


def opacity(wall: Wall, selector: str) -> float:
    return float(
        wall.page.eval_on_selector(selector, "(element) => getComputedStyle(element).opacity")
    )


def test_an_empty_log_waits_and_goes_live(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service()
    with sampling_held_up(service):
        service.start()
        wall = open_wall(service)
        wall.wait_for_link("stale")
        assert wall.text("[data-link-words]") == "no sample yet"
        wall.wait_for('[data-panel="processes"][data-freshness="waiting"]')
        assert wall.text('[data-panel="processes"] .notice') == "Waiting for the first sample"
        assert wall.freshness('[data-tile="cpu"]') in {"waiting", "missing"}
        assert wall.value("cpu.percent") in {None, ""}
        wall.wait_for('[data-panel="cpu"][data-freshness="missing"]')
        assert wall.text('[data-panel="cpu"] .notice') == "No figures from this machine"
    measured("from the first sampler to live", wall.wait_for_link("live"))
    wall.wait_for('[data-panel="cpu"][data-freshness="fresh"]')
    wall.wait_for('[data-panel="processes"][data-freshness="fresh"]')
    assert 0 <= float(wall.value("cpu.percent") or "nothing") <= 100
    assert wall.page.is_visible('[data-panel="cpu"] .uplot')


# The display's clock, which may be wrong, and may be set while the page is open.
WRONG_CLOCK = """
window.displayIsOff = %d;
globalThis.Date = class extends Date {
    constructor(...given) {
        if (given.length) super(...given);
        else super(Date.now());
    }
    static now() { return super.now() + 1000 * window.displayIsOff; }
};
"""


def test_a_wrong_display_clock_changes_nothing(
    start_service: Start, open_wall: OpenWall, page: Page
) -> None:
    service = start_service().wait_until_ready()
    page.add_init_script(WRONG_CLOCK % (5 * 3600))
    wall = open_wall(service)
    wall.wait_for_link("live")
    assert abs(page.evaluate("Date.now()") / 1000 - time.time() - 5 * 3600) < 60
    page.evaluate("window.displayIsOff = -7 * 3600")
    for _ in range(4):
        wall.wait_for_sample()
        assert wall.link == "live"
    # HH:MM:SS, as this machine would say it: not more than half a minute away from it.
    shown = wall.text("[data-clock]")
    near = page.evaluate(
        """(now) => [-30, 0, 30].map((off) => new Intl.DateTimeFormat("en-GB", {
            hour: "2-digit", minute: "2-digit",
        }).format((now + off) * 1000))""",
        time.time(),
    )
    assert shown[:5] in near
    # The right edge of the charts is the server's now, so the newest sample is near it.
    wait_for(lambda: wall.wait_for_ink("memory", "green")[-1][1] > 0.9, "ink at the right edge")
    assert_same_as_history(wall)
