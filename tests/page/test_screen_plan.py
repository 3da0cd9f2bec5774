"""A screen that never scrolls, at many sizes: nothing is cut, covered or broken within a word."""

import re
import time

import pytest
from playwright.sync_api import Page

from tests.page.conftest import OpenAt
from tests.page.looks import COVERED, NOT_WHOLE, OVERFLOW
from tests.support.service import Service

pytestmark = pytest.mark.one_window

SIZES = [
    (390, 844),
    (768, 1024),
    (800, 480),
    (1080, 1920),
    (1920, 1080),
    (2560, 1080),
    (3840, 2160),
]
LONG = "ip-10-0-12-34.eu-central-1.compute.internal"
# An alert that has no room is cut off.
OF_BANNER = re.compile(r'"(Use of|since|and \d|[▲◆] )')
SHOWN = """() => ({
    lines: Math.round(document.querySelector("h1").getBoundingClientRect().height
        / parseFloat(getComputedStyle(document.querySelector("h1")).lineHeight)),
    name: document.querySelector("[data-machine]").textContent,
    tiles: document.querySelectorAll(".tile:not([data-left-out])").length,
    said: document.querySelector(".omitted").textContent,
    left: document.querySelectorAll("main [data-left-out]").length,
    plot: Math.min(...[...document.querySelectorAll(".plot .u-over")]
        .map((plot) => plot.getBoundingClientRect().height).filter(Boolean))
        / parseFloat(getComputedStyle(document.documentElement).fontSize),
    banner: document.querySelector(".banner").getBoundingClientRect().height / innerHeight,
})"""
# Sizes are observed after the frame in which they change.
SETTLED = """async () => {
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
}"""


def log_alerts(page: Page, service: Service, count: int, state: str) -> None:
    for number in range(count):
        service.append(
            "alert",
            "box",
            time=time.time(),
            alert=f"disk-full-{number}",
            state=state,
            level="critical" if number % 2 else "warning",
            event="filesystem",
            message=f"Use of /var/lib/postgresql/data-{number} is 97.{number} %, above 95 %",
            since=time.time() - 60,
        )
    attached = "[hidden]" if state == "cleared" else ":not([hidden])"
    page.wait_for_selector(f"[data-alerts]{attached}", state="attached")


@pytest.mark.parametrize(
    "distance", ["", "8m", *(pytest.param(each, marks=pytest.mark.full) for each in ("2m", "4m"))]
)
def test_a_screen_shows_what_fits_and_says_what_does_not(open_at: OpenAt, distance: str) -> None:
    wall = open_at(1920, 1080, f"/?kiosk=1{distance and '&distance='}{distance}")
    page = wall.page
    for alerts in (0, 6):
        if alerts:
            log_alerts(page, wall.service, alerts, "raised")
        for name in ("box", LONG):
            page.evaluate(
                "(name) => { const h = document.querySelector('[data-machine]');"
                " h.removeAttribute('title'); h.textContent = name; }",
                name,
            )
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                page.evaluate(SETTLED)
                what = f"{width}x{height} {distance} {alerts} {name}"
                assert page.evaluate(OVERFLOW) == [0, 0], what
                found = page.evaluate(NOT_WHOLE, True)
                assert [each for each in found if not OF_BANNER.match(each)] == [], what
                assert page.evaluate(COVERED) == [], what
                shown = page.evaluate(SHOWN)
                assert shown["lines"] == 1, what
                assert shown["tiles"] >= 1, what
                assert bool(shown["said"]) == (shown["left"] > 0), what
                assert shown["banner"] <= 0.201, what
                assert shown["plot"] > 2, what
                start, _, end = shown["name"].partition("…")
                assert name.startswith(start), what
                assert name.endswith(end), what
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.evaluate(SETTLED)
    assert page.locator("[data-machine]").text_content() == LONG
    log_alerts(page, wall.service, 6, "cleared")  # the next page is another one of the same service
