"""Pages that are loaded anew by themselves, while a test looks on."""

from playwright.sync_api import Page

from tests.support.service import wait_for


class Loads:
    """The addresses of all loads of a page from now on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._urls: list[str] = []
        page.on("load", lambda loaded: self._urls.append(loaded.url))

    @property
    def urls(self) -> list[str]:
        """Until now."""
        # Playwright tells of what has happened only while it is called; and to ask the page itself
        # would fail while it goes.
        self._page.wait_for_timeout(10)
        return list(self._urls)

    def wait_for(self, count: int) -> None:
        """Wait until there have been so many."""
        wait_for(lambda: len(self.urls) >= count, f"load {count} of the page")
