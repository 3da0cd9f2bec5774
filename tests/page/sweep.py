"""Every page at every size, distance and state, as one product; and what may be wrong with a look.

A look is one page in one window. The product is 4 pages x 4 distances x 4 numbers of alerts x
4 kinds of names x 4 numbers of machines x 2 typefaces x 14 sizes: 28,672 looks.
"""

import time
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from playwright.sync_api import Page

from tests.page.looks import (
    BROKEN,
    CONTRAST,
    COVERED,
    NOT_WHOLE_ANYWHERE,
    OVERFLOW,
    RULES,
    SAYS_NOTHING,
    widest,
)
from tests.page.past import Readings
from tests.support.service import Service

SIZES = [
    *((320, 480), (390, 844), (600, 1024), (768, 1024), (1080, 1920)),
    *((800, 480), (960, 540), (1024, 600), (1280, 720), (1366, 768), (1920, 1080), (3840, 2160)),
    *((2560, 1080), (3440, 1440)),
]
PAGES = ("wall", "overview", "host", "embed")
DISTANCES = ("", "2m", "4m", "8m")
ALERTS = (0, 1, 2, 6)
NAMES = {
    "short": "web-{}",
    "long": "ip-10-0-12-34-{}.eu-central-1.compute.internal",
    "right-to-left": "שרת-הדפסה-{}",
    "CJK": "机房服务器-{}",
}
MACHINES = (1, 3, 12, 100)
TYPEFACES = ('Arimo, "Liberation Sans"', '"DejaVu Sans"')
PATIENCE = 3  # seconds in which a page has to follow its window
EMBEDS = ("cpu", "processes", "alerts", "tile-memory")

# Type sizes of a screen's numbers: shares of its height and width that the distance asks for, of
# which a crowded screen keeps a third (static/js/panels/screen_plan.js).
SHARES = {"2m": (0.1, 0.14), "4m": (0.175, 0.24), "8m": (0.3, 0.4)}
SMALLEST = """([high, wide]) => {
    const asked = 0.33 * Math.min(high * innerHeight, wide * innerWidth);
    const numbers = [...document.querySelectorAll(".tiles .tile:not([data-left-out]) .number")];
    if (numbers.length < 2) return [];
    return numbers.map((number) => parseFloat(getComputedStyle(number).fontSize))
        .filter((size) => size < asked).map((size) => `digits of ${size} px, not ${asked}`);
}"""
SET_TYPEFACE = """(family) => {
    document.documentElement.style.setProperty("--family", family);
    document.fonts.dispatchEvent(new Event("loadingdone"));
}"""
# Sizes are observed after the frame in which they change.
SETTLED = """async () => {
    for (let frame = 0; frame < 4; frame += 1) await new Promise(requestAnimationFrame);
}"""
READY = """(count) => document.documentElement.dataset.link === "live"
    && !document.querySelector(".tile[data-freshness=waiting]")
    && !document.querySelector(".panel[data-freshness=waiting]:not([data-panel=alerts])")
    && document.fonts.status === "loaded"
    && (count === 0 || document.querySelectorAll("main [data-host]").length === count)"""


class Opened(NamedTuple):
    """A page, as it is opened."""

    page: str
    distance: str
    alerts: int
    names: str
    machines: int
    panels: str = "cpu.percent@{},memory,filesystem,network,processes,alerts"

    @property
    def machine(self) -> str:
        """The first of its machines, which has the alerts."""
        return NAMES[self.names].format(f"{self.machines}x{self.alerts}-0")

    @property
    def path(self) -> str:
        """Its address."""
        display = "shift=0" + (f"&kiosk=1&distance={self.distance}" if self.distance else "")
        all_of_them = NAMES[self.names].format(f"{self.machines}x{self.alerts}-*")
        if self.page == "wall":
            panels = self.panels.format(all_of_them)
            return f"/?host={self.machine}&panels={panels}&{display}"
        if self.page == "overview":
            return f"/?host={all_of_them}&{display}"
        if self.page == "host":
            return f"/host/{self.machine}?{display}"
        panel = EMBEDS[MACHINES.index(self.machines)]
        return f"/embed/{panel}?host={self.machine}&{display.removeprefix('shift=0').lstrip('&')}"


EVERYTHING = [Opened(*values) for values in product(PAGES, DISTANCES, ALERTS, NAMES, MACHINES)]


def pairs() -> Iterator[Opened]:
    """Sixteen pages, in which each two values of different kinds meet once: an orthogonal array."""

    def times(a: int, b: int) -> int:  # in the field of four elements
        return (a + b - 2) % 3 + 1 if a and b else 0

    for a, b in product(range(4), repeat=2):
        rest = (a ^ times(factor, b) for factor in (1, 2, 3))
        alerts, names, machines = rest
        yield Opened(PAGES[a], DISTANCES[b], ALERTS[alerts], [*NAMES][names], MACHINES[machines])


def widest_tables() -> Readings:
    """Readings of families whose tables have many columns, or wide ones."""
    rates = {"read_bytes_per_second": 888e6, "write_bytes_per_second": 888e6}
    unit: dict[str, object] = {
        "name": "snap.some-long-application-name.daemon.service",
        "state": "failed",
    }
    unit |= {"cpu_percent": 1288.8, "memory_bytes": 888 * 2**40, "memory_percent": 100.0, **rates}
    card: dict[str, object] = {"name": "NVIDIA GeForce RTX 4090 Laptop GPU", "busy_percent": 100.0}
    card |= {"memory_percent": 100.0, "celsius": 100.0, "watts": 450.5, "fan_percent": 100.0}
    device = {**rates, "busy_percent": 100.0}
    return {
        "units": {"count": 8888, "failed": 88, "top": [unit | {"state": "active"}] + [unit] * 10},
        "gpu": {"cards": [card, card | {"name": "AMD"}]},
        "disk": {**rates, "devices": {"nvme0n1": device, "mapper/vg--data-lv--main": device}},
        "sensors": {
            "temperatures": [{"label": "Package id 0", "celsius": 100.0, "high": 100.0}],
            "fans": [{"label": "cpu_fan", "rpm": 8888}],
        },
    }


def log_machines(service: Service, opened: Opened) -> None:
    """Log the machines of a page, the first with the widest figures and its alerts."""
    now = time.time()
    figures = widest() | widest_tables()
    mount = {"mountpoint": f"/srv/{opened.machine}", "percent": 100.0, "used": 888.0, "total": 2e14}
    figures["filesystem"] = {"mounts": [mount, *figures["filesystem"]["mounts"]]}
    events = [
        (name, opened.machine, reading | {"time": now - ago})
        for ago in (40, 20, 0)
        for name, reading in figures.items()
    ]
    events.append(("rules", opened.machine, {"rules": RULES}))
    text = "Release 2026.11.30 is deployed at 14:00: expect short interruptions of all services"
    events += [("notice", opened.machine, {"message": text, "time": now})] * 4
    for number in range(opened.alerts):
        about = {"event": "filesystem", "since": now - 60, "state": "raised"}
        about |= {"level": "critical" if number % 2 else "warning", "alert": f"full-{number}"}
        message = f"Use of /var/lib/postgresql/data-{number} is 97.{number} %, above 95 %"
        events.append(("alert", opened.machine, about | {"message": message}))
    for number in range(1, opened.machines):
        name = NAMES[opened.names].format(f"{opened.machines}x{opened.alerts}-{number}")
        percent = number * 37 % 101
        events += [
            ("cpu", name, {"percent": percent}),
            ("memory", name, {"percent": 100 - percent}),
            ("network", name, {"received_bytes_per_second": 8e6, "sent_bytes_per_second": 1e3}),
            ("rules", name, {"rules": RULES}),
        ]
    service.append_all(events)


def wrong(page: Page, opened: Opened) -> list[str]:
    """Name what is wrong with a page in its window as it is now."""
    bounded = bool(opened.distance) or opened.page == "embed"
    across, down = page.evaluate(OVERFLOW)
    found = [f"scrolls by {across} across"] if across > 0 else []
    if bounded and down > 0:
        found.append(f"scrolls by {down} down")
    if opened.page in ("wall", "host") and opened.distance:
        found += page.evaluate(SMALLEST, list(SHARES[opened.distance]))
    # Rather than how many alerts there are, the end of a long one is cut off.
    cut = [
        text for text in page.evaluate(NOT_WHOLE_ANYWHERE, bounded) if "UL.alert-list" not in text
    ]
    found += [f"not whole: {text}" for text in cut]
    found += [f"covered: {text}" for text in page.evaluate(COVERED)]
    found += [f"says nothing: {text}" for text in page.evaluate(SAYS_NOTHING)]
    within = "body" if bounded else ".bar"
    return found + [f"broken: {text}" for text in page.evaluate(BROKEN, within)]


def looked_at(page: Page, opened: Opened, sizes: list[tuple[int, int]], faces: int) -> list[str]:
    """Look at an open page in windows of some sizes; return what stays wrong."""
    troubles = []
    for typeface in TYPEFACES[:faces]:
        page.evaluate(SET_TYPEFACE, typeface)
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            until = time.monotonic() + PATIENCE
            while True:
                page.evaluate(SETTLED)
                found = wrong(page, opened)
                if not found or time.monotonic() > until:
                    break
            troubles += [f"{opened.path} {width}x{height} {typeface}: {each}" for each in found]
    for theme in ("light", "dark"):
        page.evaluate("(theme) => document.documentElement.dataset.theme = theme", theme)
        page.evaluate(SETTLED)
        troubles += [f"{opened.path} {theme}: {each}" for each in page.evaluate(CONTRAST)]
    return troubles
