"""Takes the pictures of the docs: `.venv/bin/python docs/screenshot.py [SECONDS [FOLDER]]`.

A real service samples this machine for a while, five minutes unless told otherwise, under a load
that this script makes so that the charts have something to tell; then Chromium takes the pictures.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from tests.page.wall import MODULE  # noqa: E402
from tests.support.browser_fixtures import ARGUMENTS  # noqa: E402
from tests.support.service import Service, running  # noqa: E402

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs"
# File: what is opened, and how large the screen is.
PICTURES = {
    "wall.png": ("/", 1920, 1080),
    "wall-4m.png": ("/?distance=4m&panels=cpu,progress&kiosk=1", 1920, 1080),
    "wall-light.png": ("/?panels=cpu:2x1,progress,network,cores,log&theme=light", 1920, 1080),
    "editor.png": ("/?panels=cpu,memory,network,disk&columns=2", 1920, 1080),
    "embed.png": ("/embed/cpu?window=5m", 640, 360),
}
FLEET = "fleet.png"
# The machines beside this one: their group, and how many there are of it.
GROUPS = {"web": 5, "db": 3, "build": 2, "backup": 1}


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 310.0
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), HOST_NAME="kepler") as service,
    ):
        be_busy(service.wait_until_ready(), Path(folder), seconds)
        tell(service)
        take(service)
        take_fleet(service)


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


def tell(service: Service) -> None:
    """What else happens on a machine: a backup, a deploy, lines of a log, a disk that fills."""
    now = time.time()
    for done in range(0, 61, 5):
        step = {"job": "backup", "done": done, "total": 88, "state": "running"}
        since = now - 240 + 4 * done
        service.append("progress", host="kepler", time=since, message="home.tar", **step)
    lines = (
        ("sshd", "info", "Accepted publickey for deploy"),
        ("nginx", "warning", "upstream server temporarily disabled"),
        ("deploy", "info", "web 2.3.1 is live"),
    )
    for number, (source, level, message) in enumerate(lines):
        at = now - 100 + 30 * number
        fields = {"source": source, "level": level, "message": message}
        service.append("log", host="kepler", time=at, **fields)
    service.append("notice", host="kepler", time=now - 40, title="deploy", message="web 2.3.1")


def take(service: Service) -> None:
    """Open each page and wait until every part of it is live."""
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, (path, width, height) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(service.url + path)
            page.wait_for_selector('html[data-link="live"]', state="attached")
            page.wait_for_selector("[data-panel] .uplot canvas")
            page.wait_for_function(
                """() => [...document.querySelectorAll("main [data-freshness]")].every(
                    ({ dataset }) => ["fresh", "absent"].includes(dataset.freshness)
                )"""
            )
            if name == "editor.png":
                page.keyboard.press("e")
                preview = page.frame_locator("dialog[open] iframe")
                preview.locator('html[data-link="live"]').wait_for(state="attached")
            wait_for_the_next_samples(page)
            page.screenshot(path=FOLDER / name)
            print(FOLDER / name)
            page.close()
        browser.close()


def take_fleet(service: Service) -> None:
    """The overview, with eleven machines beside this one."""
    dice = random.Random(4)
    hosts = [f"{group}-{number}" for group, most in GROUPS.items() for number in range(1, most + 1)]
    *hosts, silent = hosts
    service.append_all(figures(dice, silent))
    steady = {host: (dice.uniform(10, 84), dice.uniform(20, 80)) for host in hosts} | {
        "db-2": (96.2, 71.0)
    }
    full = {"rule": "disk-full", "level": "critical", "state": "raised", "event": "filesystem"}
    busy = {"rule": "cpu-high", "level": "warning", "state": "raised", "event": "cpu"}
    said = "/srv is 96 % full"
    since = time.time() - 300
    service.append("alert", host="db-2", alert="disk-full:/srv", message=said, since=since, **full)
    service.append("alert", host="web-3", alert="cpu-high", message="CPU 94 %", since=since, **busy)
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.goto(service.url)
        for _ in range(18):
            for host in hosts:
                disk, memory = steady[host]
                service.append_all(figures(dice, host, disk=disk, memory=memory))
            page.wait_for_timeout(900)
        page.wait_for_selector('html[data-link="live"]', state="attached")
        page.wait_for_selector('main [data-host="db-2"][data-level="critical"]')
        page.screenshot(path=FOLDER / FLEET)
        print(FOLDER / FLEET)
        browser.close()


def figures(
    dice: random.Random, host: str, disk: float = 30.0, memory: float = 40.0
) -> list[tuple[str, str, dict[str, Any]]]:
    """What a machine might say of itself, now."""
    cpu = dice.uniform(92, 96) if host == "web-3" else dice.uniform(2, 45)
    down = dice.uniform(2e4, 9e6)
    network = {"received_bytes_per_second": down, "sent_bytes_per_second": down * dice.random()}
    return [
        ("cpu", host, {"percent": cpu}),
        ("memory", host, {"percent": memory}),
        ("network", host, network),
        ("filesystem", host, {"mounts": [{"mountpoint": "/srv", "percent": disk}]}),
        ("system", host, {"tags": [host.partition("-")[0]]}),
    ]


def wait_for_the_next_samples(page: Page) -> None:
    """Until the newest sample of a family that comes each second is a later one, twice."""
    newest = f"async () => ({MODULE}).store.newest('kepler')"
    start = page.evaluate(newest)
    page.wait_for_function(
        f"async (start) => ({MODULE}).store.newest('kepler') > start + 1.5", arg=start
    )


if __name__ == "__main__":
    main()
