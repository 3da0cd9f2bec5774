"""From afar, and when something is wrong: what has to be read can be, and nothing is in its way."""

import pytest
from playwright.sync_api import Page

from tests.page.conftest import OpenAt
from tests.page.looks import NOT_WHOLE, OVERFLOW
from tests.page.wall import Wall

pytestmark = pytest.mark.one_window

# How tall the digits of each tile's number are painted, as shares of the window's height.
DIGITS = """() => [...document.querySelectorAll(".tile .number data")].map((number) => {
    const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(number);
    const context = document.createElement("canvas").getContext("2d");
    context.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
    const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText("8");
    return (actualBoundingBoxAscent + actualBoundingBoxDescent) / innerHeight;
})"""

# Names beside lines that cover each other, or reach down to the times of the axis.
CLASHES = """() => [...document.querySelectorAll(".plot:has(.labels.direct)")].flatMap((plot) => {
    const { top } = plot.getBoundingClientRect();
    const { bottom } = plot.querySelector(".u-over").getBoundingClientRect();
    const labels = [...plot.querySelectorAll(".labels.direct li")].map((label) => {
        const rect = label.getBoundingClientRect();
        return { top: rect.top, bottom: rect.bottom, words: label.textContent };
    }).sort((a, b) => a.top - b.top);
    return labels.filter((label, at) =>
        label.top < top - 1 || label.bottom > bottom + 1 ||
        (at > 0 && label.top < labels[at - 1].bottom - 1)
    ).map(({ words }) => words);
})"""

SIZES = [(1920, 1080), (1366, 768), (3840, 2160)]


@pytest.mark.parametrize(
    ("distance", "size", "digits"),
    [
        *(("4m", size, 0.12) for size in SIZES),
        ("2m", (1920, 1080), 0.07),
        ("8m", (1366, 768), 0.18),
    ],
)
def test_it_can_be_read_from_afar(
    open_at: OpenAt, distance: str, size: tuple[int, int], digits: float
) -> None:
    page = open_at(*size, f"/?distance={distance}").page
    assert page.evaluate(OVERFLOW) == [0, 0]
    assert page.evaluate(NOT_WHOLE, True) == []
    heights = page.evaluate(DIGITS)
    assert len(heights) >= 2
    assert min(heights) >= digits
    assert page.locator(".labels.direct li:visible").count() >= 1
    assert page.evaluate(CLASHES) == []
    # Few lines, and none that only its colour names.
    assert page.locator("[data-panels] > *").count() <= 4


def test_names_of_lines_that_meet_stand_apart(open_at: OpenAt) -> None:
    # Three load averages of 88.88, and three pressures of 88.8.
    page = open_at(1920, 1080, "/?distance=2m&panels=cpu,load,pressure").page
    assert page.locator('[data-panel="load"] .labels.direct li').count() == 3
    assert page.evaluate(CLASHES) == []
    assert page.evaluate(NOT_WHOLE, True) == []


def color(page: Page, selector: str) -> str:
    look = "(element) => getComputedStyle(element).color"
    return str(page.locator(selector).evaluate(look))


def test_what_is_too_high_has_a_word_a_mark_and_a_colour(open_at: OpenAt) -> None:
    wall = open_at(1920, 1080)
    cases = {
        '[data-tile="cpu"]': ("high", "▲ high"),
        '[data-panel="cpu"]': ("high", "▲ high"),
        '[data-tile="memory"]': ("critical", "◆ critical"),
        '[data-tile="filesystem"]': ("critical", "◆ critical"),
    }
    for selector, (level, words) in cases.items():
        assert wall.page.get_attribute(selector, "data-level") == level
        assert wall.text(f"{selector} .mark") == words
        assert wall.page.locator(f"{selector} .mark").is_visible()
    plain = color(wall.page, '[data-tile="received"] .number data')
    colors = {color(wall.page, f"{tile} .number data") for tile in list(cases)[::2]}
    assert len({plain, *colors}) == 3
    assert color(wall.page, '[data-tile="cpu"] .mark') in colors

    calm = open_at(1920, 1080, "/?host=calm&panels=cpu,memory&tiles=cpu,memory")
    assert calm.page.locator("[data-level]").count() == 0
    assert calm.page.locator(".mark:visible").count() == 0
    assert calm.text('[data-tile="cpu"] .number data') == "3.0"


@pytest.mark.parametrize(
    ("width", "height", "path"),
    [
        (1920, 1080, "/?host=old"),
        (1920, 1080, "/?host=old&distance=4m"),
        (768, 1024, "/?host=old"),
        (360, 640, "/?host=old"),
    ],
)
def test_figures_that_are_gone_leave_the_page_in_order(
    open_at: OpenAt, width: int, height: int, path: str
) -> None:
    wall = open_at(width, height, path, link="stale")
    page = wall.page
    for tile in page.locator(".tile").all():
        assert tile.get_attribute("data-freshness") == "gone"
        assert tile.locator(".number data").text_content() == "—"
        assert tile.locator(".number data").get_attribute("value") == ""
        assert (tile.locator(".age").text_content() or "").startswith("since ")
        assert tile.locator(".age").is_visible()
        assert not (tile.locator(".detail").text_content() or "").strip()
    assert page.locator("[data-level]").count() == 0
    # A line whose value a tile shows has none beside its own name.
    assert set(page.locator(".labels data").all_text_contents()) <= {"—", ""}
    assert wall.value("system.uptime_seconds") == ""
    assert page.evaluate(CLASHES) == []
    assert page.evaluate(NOT_WHOLE, width >= 1280) == []


def notes(wall: Wall) -> list[str]:
    return wall.page.locator('[data-note^="address"]').all_text_contents()


def test_what_is_wrong_in_the_address_is_named(open_at: OpenAt) -> None:
    wrong = "panels=cpu,disc&window=5y&colour=red&columns=9&theme=light&theme=dark"
    wall = open_at(1920, 1080, f"/?{wrong}")
    wanted = ("disc", "5y", "colour", "columns", "theme is given more than once")
    for said, words in zip(notes(wall), wanted, strict=True):
        assert words in said
    assert wall.page.locator("[data-notes]").is_visible()
    assert wall.page.get_attribute("[data-notes]", "role") == "alert"
    # All else is as it was asked for, or as it always is.
    assert wall.page.get_attribute("html", "data-theme") == "light"
    assert wall.page.locator("[data-panels] > [data-panel]:visible").count() > 4
    assert wall.page.evaluate(NOT_WHOLE, True) == []


def test_nothing_is_said_of_an_address_that_is_right(open_at: OpenAt) -> None:
    wall = open_at(1920, 1080, "/?panels=cpu:2x1,memory&columns=2&window=15m&host=box&shift=0")
    assert notes(wall) == []
    names = "(all) => all.map((one) => one.dataset.panel)"
    assert wall.page.eval_on_selector_all("[data-panels] > *", names) == ["cpu", "memory"]
