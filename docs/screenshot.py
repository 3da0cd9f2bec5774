"""Takes docs/wall.png, the picture in the README: `.venv/bin/python docs/screenshot.py [SECONDS]`.

A real service samples this machine for a while, five minutes unless told otherwise, under a load
that this script makes so that the charts have something to tell; then Chromium takes the picture.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.browser_fixtures import ARGUMENTS  # noqa: E402
from tests.service import Service, running  # noqa: E402

PICTURE = ROOT / "docs" / "wall.png"


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 310.0
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), HOST_NAME="kepler") as service,
    ):
        be_busy(service.wait_until_ready(), Path(folder), seconds)
        take(service)
    print(PICTURE)


def be_busy(service: Service, folder: Path, seconds: float) -> None:
    """Compute, hold memory, write files and read the history back, now more and now less."""
    dice = random.Random(4)
    until = time.monotonic() + seconds
    held: list[bytearray] = []
    while time.monotonic() < until:
        work, rest = dice.uniform(0.05, 0.7), dice.uniform(0.1, 0.6)
        phase_ends = time.monotonic() + dice.uniform(3, 15)
        if dice.random() < 0.4:
            held.append(bytearray(os.urandom(1 << 20) * dice.randrange(50, 400)))
        elif held:
            held.pop()
        while time.monotonic() < min(phase_ends, until):
            stops = time.monotonic() + work
            while time.monotonic() < stops:
                sum(range(10_000))
            if dice.random() < 0.4:
                path = folder / "written"
                with path.open("wb") as file:
                    file.write(os.urandom(1 << 20) * dice.randrange(1, 12))
                    os.fsync(file.fileno())
            for _ in range(dice.randrange(4)):
                service.get("/history?since=60")
            time.sleep(rest)


def take(service: Service) -> None:
    """Open the page and wait until every part of it is live."""
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(service.url)
        page.wait_for_selector('html[data-link="live"]')
        page.wait_for_selector('[data-panel="processes"][data-freshness="fresh"]')
        page.wait_for_selector('[data-panel="cpu"] .uplot canvas')
        before = page.text_content("[data-clock]")
        page.wait_for_function(
            "(before) => document.querySelector('[data-clock]').textContent > before", arg=before
        )
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
