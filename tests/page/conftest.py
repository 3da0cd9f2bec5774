"""Fixtures of the page's tests: the page over a service, and what can stand between them."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.page.elsewhere import Elsewhere
from tests.page.looks import RULES, widest
from tests.page.past import read_machine, sampling_held_up, write_past
from tests.page.relay import Nginx, Relay
from tests.page.wall import NETWORK_TROUBLE, Wall
from tests.support.browser_fixtures import ARGUMENTS
from tests.support.service import Service

OpenAt = Callable[..., Wall]


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    """A site of somebody else, for the tests of a module."""
    server = Elsewhere()
    yield server
    server.close()


@pytest.fixture
def open_wall(page: Page) -> Callable[..., Wall]:
    """Open the page of a service, directly or by another address."""

    def open_wall(service: Service, path: str = "/", **options: Any) -> Wall:
        return Wall(page, service).open(path, **options)

    return open_wall


@pytest.fixture
def outages(page: Page, page_errors: list[str]) -> Iterator[None]:
    """For tests that take the server away: what Chromium says of that is no error of the page."""
    yield
    page.close()  # before the service's own end is noticed, and after all it had to say
    page_errors[:] = [error for error in page_errors if not NETWORK_TROUBLE.search(error)]


@pytest.fixture
def make_relay() -> Iterator[Callable[[Service], Relay]]:
    """Make relays to services."""
    relays: list[Relay] = []

    def make(service: Service) -> Relay:
        relays.append(Relay(service.port))
        return relays[-1]

    yield make
    for relay in relays:
        relay.close()


@pytest.fixture
def make_nginx(tmp_path: Path) -> Iterator[Callable[[Service], Nginx]]:
    """Put nginx in front of services."""
    proxies: list[Nginx] = []

    def make(service: Service) -> Nginx:
        proxies.append(Nginx(tmp_path / f"nginx-{len(proxies)}", service.port))
        return proxies[-1]

    yield make
    for nginx in proxies:
        nginx.close()


@pytest.fixture
def tabs(browser: Browser, tmp_path: Path) -> Iterator[BrowserContext]:
    """A window whose tabs hide each other; playwright's own pages all count as seen."""
    chromium = shutil.which("chromium")
    assert chromium
    process = subprocess.Popen(
        [
            *(chromium, *ARGUMENTS, "--headless", "--remote-debugging-port=0"),
            *(f"--user-data-dir={tmp_path / 'chromium'}", "about:blank"),
        ],
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr is not None
    try:
        address = next(
            match[0] for line in process.stderr if (match := re.search(r"ws://\S+", line))
        )
        window = browser.browser_type.connect_over_cdp(address, no_defaults=True)
        yield window.contexts[0]
        window.close()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with five minutes behind it, whose figures take as much room as any can.

    It knows two more hosts: `calm` is idle, and `old` has not been heard of for most of an hour.
    """
    # A long interval: nothing is to be stale, and so look different, before the tests are done.
    service = Service(tmp_path_factory.mktemp("service"), INTERVAL=120)
    now = time.time()
    service.clock_offset = -3000
    figures = widest()
    service.append_all((name, "old", r | {"time": now - 3000}) for name, r in figures.items())
    write_past(service, readings=figures)
    idle = {"cpu": {"percent": 3.0}, "memory": {"percent": 20.0}}
    for ago in (60, 0):
        calm = read_machine(*idle)
        service.append_all(
            (name, "calm", calm[name] | figures | {"time": time.time() - ago})
            for name, figures in idle.items()
        )
    for host in ("box", "calm"):
        service.append("rules", host=host, rules=RULES)
    with sampling_held_up(service):
        yield service.start()
        service.close()


@pytest.fixture
def open_at(browser: Browser, window: BrowserContext, lived_in: Service) -> Iterator[OpenAt]:
    """Open the page in a window of this size, and wait until all of it has been drawn.

    The first one in the page that the module's window has, where it has one: a load in a new one
    takes almost twice the CPU.
    """
    contexts = []
    there = window.pages[:1]

    def open_at(
        width: int, height: int, path: str = "/", *, link: str = "live", **options: Any
    ) -> Wall:
        size: ViewportSize = {"width": width, "height": height}
        if options:
            contexts.append(browser.new_context(viewport=size, **options))
            page = contexts[-1].new_page()
        else:
            page = there.pop() if there else window.new_page()
            page.set_viewport_size(size)
        # The log knows three machines: without a name it would be the overview of all of them.
        shown = path if "host=" in path else path.replace("/", "/host/box", 1)
        wall = Wall(page, lived_in).open(shown)
        wall.wait_for_link(link)
        wall.wait_for("html:not(:has(:is(.tile, .panel)[data-freshness=waiting]))")
        if link == "live":
            wall.wait_for_ink("cpu", "blue")
        return wall

    yield open_at
    for context in contexts:
        context.close()
    for page in window.pages[:1]:
        if page.evaluate("document.querySelector(':hover') !== null"):
            window.new_page()
            page.close()  # the next test would begin with the mouse where this one left it
        elif page.url != "about:blank":
            page.evaluate("sessionStorage.clear()")
            page.goto("about:blank")
