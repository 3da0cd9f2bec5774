"""Debian's Chromium for tests: fixtures that conftest.py loads as a plugin.

`browser` is one Chromium for the whole run; `page` is a fresh page of 1920x1080 in a context of its
own. At its end `page` fails the test for every error that the page wrote to its console or threw
and that the test did not take off `page_errors`.
"""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    assert chromium, "no chromium on the PATH; ./test installs it, or names what is missing"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What `page` holds against the test; one that means to cause errors checks and clears it."""
    return []


@pytest.fixture
def page(browser: Browser, page_errors: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location
            page_errors.append(f"{message.text} ({where['url']}:{where['lineNumber']})")

    def on_page_error(error: Error) -> None:
        page_errors.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_page_error)
    yield page
    context.close()
    assert not page_errors, "errors in the page:\n" + "\n".join(page_errors)
