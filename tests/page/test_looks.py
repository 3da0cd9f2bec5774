"""The page on a wall, on four times the pixels and on a telephone; dark and light."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.page.past import Readings, read_machine, sampling_held_up, write_past
from tests.page.wall import Wall
from tests.service import Service

# What the page shows and cannot be seen whole: text outside the window, or outside a box that
# clips it or has the ground it stands on. On the one screen of a wall, below the window counts too,
# and a name that is too long may end in an ellipsis.
NOT_WHOLE = """(wall) => {
    const found = [];
    const outside = (rect, box) =>
        rect.left < box.left - 1 || rect.right > box.right + 1 ||
        rect.top < box.top - 1 || rect.bottom > box.bottom + 1;
    const [top, bottom] = wall ? [0, innerHeight] : [-Infinity, Infinity];
    const screen = { left: 0, right: innerWidth, top, bottom };
    const look = (node, rect, words) => {
        if (rect.width === 0 || rect.height === 0) return;
        if (outside(rect, screen)) found.push(`${words}: outside the window`);
        for (let box = node.parentElement; box; box = box.parentElement) {
            const { overflow, textOverflow } = getComputedStyle(box);
            const clips = overflow !== "visible" && !(wall && textOverflow === "ellipsis");
            if ((clips && box !== document.body) || box.matches("section, .bar")) {
                if (outside(rect, box.getBoundingClientRect())) {
                    found.push(`${words}: outside ${box.tagName}.${box.className}`);
                }
            }
        }
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode;
        if (!text.data.trim() || text.parentElement.closest(".unseen")) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const rect of range.getClientRects()) look(text, rect, JSON.stringify(text.data));
    }
    for (const canvas of document.querySelectorAll(".plot canvas, .heatstrip")) {
        // The plot reaches into its panel's margin on purpose, but not out of it.
        look(canvas, canvas.getBoundingClientRect(), canvas.className || "plot");
    }
    return found;
}"""

OVERFLOW = """() => {
    const { scrollWidth, scrollHeight } = document.documentElement;
    return [scrollWidth - innerWidth, scrollHeight - innerHeight];
}"""


def widest() -> Readings:
    """This machine's readings with the longest figures and names that the page may have to show."""
    readings = read_machine()
    tera = 2.0**40
    process = {"pid": 4194304, "name": "systemd-resolve", "user": "systemd-network"}
    process |= {"cpu_percent": 1288.8, "memory_bytes": 888 * 2**20}
    wide: Readings = {
        "cpu": {"percent": 100.0, "user": 88.8, "system": 88.8, "iowait": 88.8},
        "memory": {"percent": 99.9, "used": 888 * tera, "total": 888 * tera, "swap_percent": 88.8},
        "load": {"load1": 88.88, "load5": 88.88, "load15": 88.88, "cpus": 128},
        "disk": {"read_bytes_per_second": 888e6, "write_bytes_per_second": 888e6},
        "filesystem": {
            "mounts": [
                {"mountpoint": "/srv", "percent": 100.0, "used": 888 * tera, "total": 888 * tera}
            ]
        },
        "network": {
            "received_bytes_per_second": 888e6,
            "sent_bytes_per_second": 888e6,
            "errors_per_second": 8888.8,
        },
        "pressure": {"cpu_some": 88.8, "io_some": 88.8, "memory_some": 88.8},
        "processes": {"count": 88888, "running": 8888, "top": [process] * 10},
        "sensors": {"temperatures": [{"label": "Package id 0", "celsius": 100.0}]},
    }
    return readings | {name: readings.get(name, {}) | fields for name, fields in wide.items()}


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with five minutes behind it, whose figures take as much room as any can."""
    # A long interval: nothing is to be stale, and so look different, before the tests are done.
    service = Service(tmp_path_factory.mktemp("service"), INTERVAL=120)
    write_past(service, readings=widest())
    with sampling_held_up(service):
        yield service.start()
        service.close()


OpenAt = Callable[..., Wall]


@pytest.fixture
def open_at(browser: Browser, lived_in: Service) -> Iterator[OpenAt]:
    """Open the page in a window of this size, and wait until all of it has been drawn."""
    contexts = []

    def open_at(width: int, height: int, path: str = "/", **options: Any) -> Wall:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        wall = Wall(context.new_page(), lived_in).open(path)
        wall.wait_for_link("live")
        for panel in ("processes", "cpu"):
            wall.wait_for(f'[data-panel="{panel}"][data-freshness="fresh"]')
        wall.wait_for_ink("cpu", "blue")
        return wall

    yield open_at
    for context in contexts:
        context.close()


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


CONTRAST = """() => {
    const level = (color) => {
        const parts = color.match(/[0-9.]+/g).slice(0, 3).map((part) => {
            const value = part / 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const low = [];
    for (const element of document.querySelectorAll("h1, h2, p, span, strong, data, li, td, th")) {
        if (!element.textContent.trim() || element.closest(".unseen")) continue;
        const ground = level(getComputedStyle(element.closest("section, .bar")).backgroundColor);
        const [a, b] = [level(getComputedStyle(element).color), ground].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) low.push(`${element.tagName} ${element.textContent}: ${ratio.toFixed(1)}`);
    }
    return low;
}"""


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_everything_stands_out(open_at: OpenAt, theme: str) -> None:
    # WCAG 2.1, 1.4.3: text against its ground.
    assert open_at(1920, 1080, f"/?theme={theme}").page.evaluate(CONTRAST) == []
