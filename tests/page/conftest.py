"""Fixtures of the page's tests: the page over a service, and what can stand between them."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser_fixtures import ARGUMENTS
from tests.page.relay import Nginx, Relay
from tests.page.wall import NETWORK_TROUBLE, Wall
from tests.service import Service


@pytest.fixture
def open_wall(page: Page) -> Callable[..., Wall]:
    """Open the page of a service, directly or by another address."""

    def open_wall(service: Service, path: str = "/", *, url: str | None = None) -> Wall:
        return Wall(page, service).open(path, url=url)

    return open_wall


@pytest.fixture
def outages(page: Page, page_errors: list[str]) -> Iterator[None]:
    """For tests that take the server away: what Chromium says of that is no error of the page."""
    yield
    page.context.close()  # before the service's own end is noticed, and after all it had to say
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
