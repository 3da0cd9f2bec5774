"""Debian's Chromium for tests: fixtures that conftest.py loads as a plugin.

`browser` is one Chromium for the whole run; `page` is a fresh page of 1920x1080 in a context of its
own. At its end `page` fails the test for every error that the page wrote to its console or threw
and that the test did not take off `page_errors`.
"""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

# As long as tests wait for anything else, and not five seconds, which a busy machine may take.
expect.set_options(timeout=30_000)

# Chromium would draw the suggestions of an address bar that nobody sees as two pages of its own for
# each window, and start a process for a page that may come: 1.5 s of CPU for each page of a test.
# It heeds the last list of this kind, so what playwright switches off stands here, too.
_SWITCHED_OFF = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    "SpareRendererForSitePerProcess",
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades"),
    *("LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"),
    *("PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)

# Chromium's own errands would show up as traffic, and this machine may have no GPU. Tests run as
# root in CI, where Chromium has no sandbox to offer.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_SWITCHED_OFF)}",
]


def headless_chromium() -> str:
    """The path of the Chromium that has no window: each page takes a third less of the CPU."""
    path = shutil.which("chromium-headless-shell")
    assert path, (
        "no chromium-headless-shell on the PATH; ./test installs it, or names it as missing"
    )
    return path


VIEWPORT: ViewportSize = {"width": 1920, "height": 1080}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=headless_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def module_window(browser: Browser) -> Iterator[BrowserContext]:
    """What the pages of a module with the mark `one_window` have in common, and an empty page."""
    window = browser.new_context(viewport=VIEWPORT)
    window.new_page()
    yield window
    window.close()


@pytest.fixture
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A context for the pages of a test, with no cookie, permission or stored item of another."""
    if request.node.get_closest_marker("one_window"):
        window: BrowserContext = request.getfixturevalue("module_window")
        yield window
        empty(window)
    else:
        window = browser.new_context(viewport=VIEWPORT)
        yield window
        window.close()


def empty(window: BrowserContext) -> None:
    """Close the pages of a test, and delete what they left behind, but for what was loaded."""
    first, *others = window.pages
    for page in others:
        page.close()
    stored = {"origin": "*", "storageTypes": "local_storage,indexeddb,service_workers"}
    window.new_cdp_session(first).send("Storage.clearDataForOrigin", stored)
    window.clear_cookies()
    window.clear_permissions()


@pytest.fixture
def page_errors() -> list[str]:
    """What `page` holds against the test; one that means to cause errors checks and clears it."""
    return []


@pytest.fixture
def page(window: BrowserContext, page_errors: list[str]) -> Iterator[Page]:
    page = window.new_page()

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location
            page_errors.append(f"{message.text} ({where['url']}:{where['lineNumber']})")

    def on_page_error(error: Error) -> None:
        page_errors.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_page_error)
    yield page
    page.close()
    assert not page_errors, "errors in the page:\n" + "\n".join(page_errors)
