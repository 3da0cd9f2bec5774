"""The page on a wall, on four times the pixels and on a telephone; dark and light."""

import pytest
from playwright.sync_api import Page

from tests.page.conftest import OpenAt
from tests.page.looks import CONTRAST, NOT_WHOLE, OVERFLOW

pytestmark = pytest.mark.one_window


def rem(page: Page) -> float:
    return float(page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1920, 1080, 16), (3840, 2160, 32), (1366, 768, None), (2560, 1080, None)],
)
def test_one_screen_shows_all(open_at: OpenAt, width: int, height: int, size: float | None) -> None:
    page = open_at(width, height).page
    assert page.evaluate(OVERFLOW) == [0, 0]
    assert page.evaluate(NOT_WHOLE, True) == []
    assert size is None or rem(page) == pytest.approx(size)
    # The number can be read from across the room: a twentieth of the screen's height, near enough.
    number = page.locator('[data-tile="cpu"] .number data').bounding_box()
    assert number is not None
    assert number["height"] > height / 16


@pytest.mark.parametrize(("width", "height"), [(390, 844), (360, 640), (844, 390), (768, 1024)])
def test_a_small_screen_scrolls_down_only(open_at: OpenAt, width: int, height: int) -> None:
    page = open_at(width, height, device_scale_factor=2).page
    assert page.evaluate(OVERFLOW)[0] == 0
    assert page.evaluate(NOT_WHOLE, False) == []
    assert rem(page) >= 16
    assert page.locator("[data-panel]:visible .plot").count() == 6


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def line(page: Page) -> str:
    """The colour of the charts' first lines."""
    look = "getComputedStyle(document.documentElement).getPropertyValue('--blue')"
    return str(page.evaluate(look))


def test_light_on_demand(open_at: OpenAt) -> None:
    wall = open_at(1920, 1080)
    page = wall.page
    assert page.get_attribute("html", "data-theme") == "dark"
    dark = ground(page)
    dark_line = line(page)
    page.click("[data-theme-toggle]")
    assert page.get_attribute("html", "data-theme") == "light"
    assert ground(page) != dark
    assert page.url.endswith("?theme=light")
    # Canvases follow: the line is drawn in the other theme's colour.
    assert line(page) != dark_line
    wall.wait_for_ink("cpu", "blue")
    page.reload()
    assert page.get_attribute("html", "data-theme") == "light"
    light = ground(page)
    wall.wait_for_ink("cpu", "blue")
    page.click("[data-theme-toggle]")
    assert (page.get_attribute("html", "data-theme"), ground(page)) == ("dark", dark)
    assert "theme" not in page.url
    wall.wait_for_ink("cpu", "blue")
    assert light != dark


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_stands_out(open_at: OpenAt, theme: str) -> None:
    # WCAG 2.1, 1.4.3: text against its ground.
    assert open_at(1920, 1080, f"/?theme={theme}").page.evaluate(CONTRAST) == []
