"""What people who sit close do with the page: stop it, look at a moment, zoom, save, print."""

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dashboard.installation import build_id, release
from tests.page.past import read_machine
from tests.page.wall import MODULE, Wall
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

OpenWall = Callable[..., Wall]

PAST = 1000  # seconds
# The log knows two machines: at / there would be the overview of both.
BOX = "/host/box"
HOLE = (150, 80)  # seconds before the service's start, in which one host told nothing

GRID = f"({MODULE}).grid"

# Where the charts begin and end, and whether they follow the newest sample.
VIEW = f"""async () => {{
    const {{ view, timeWindow }} = {GRID};
    return [view.from, view.to, timeWindow.live];
}}"""

# The times of the rows that a chart draws.
DRAWN = f"""async () => {{
    const {{ store, view }} = {GRID};
    return store.series("box", "cpu").since(view.from, [])[0];
}}"""

# What the labels of the load's chart say, and what its newest sample does.
LOAD_LABELS = f"""async () => {{
    const {{ store }} = {GRID};
    const newest = store.latest("box", "load");
    const labels = document.querySelectorAll('[data-panel="load"] .labels data');
    return [[...labels].map((label) => Number(label.textContent)),
            [newest.load1, newest.load5, newest.load15, newest.cpus]];
}}"""

# How much of the button in a panel's head is to be seen.
OPACITY = "getComputedStyle(document.querySelector('.corner button')).opacity"

NOTE = '[data-note="held"]'


class Kept(Service):
    """A service with a past in which each second had figures of its own."""

    end = 0  # of that past, seconds since 1970


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    service = Kept(tmp_path_factory.mktemp("service"))
    readings = read_machine("cpu", "memory", "load", "disk", "network")
    readings["cpu"] |= {"user": 20.0, "system": 10.0, "steal": 5.0}
    end = int(time.time())
    for at in range(end - PAST, end):
        service.clock_offset = at - time.time()
        readings["cpu"] |= {"percent": at % 100, "iowait": at % 10}
        readings["load"] |= {"load1": at % 50, "load5": 2.0}
        service.append_all((name, "box", {**r, "time": float(at)}) for name, r in readings.items())
        if at < end - HOLE[0] or at >= end - HOLE[1]:
            load = {"load1": 7.0, "load5": 7.0, "load15": 7.0, "cpus": 2}
            service.append("load", host="gappy", time=float(at), **load)
    service.clock_offset = 0.0
    service.end = end
    service.start().wait_until_ready()
    yield service
    service.close()


@pytest.fixture
def wall(service: Service, open_wall: OpenWall) -> Wall:
    """The page, ready for somebody who sits close."""
    return ready(open_wall(service, BOX))


def ready(wall: Wall, panel: str = "cpu", color: str = "blue") -> Wall:
    wall.wait_for_link("live")
    wall.wait_for("[data-tools] button", timeout=20)
    wall.wait_for_ink(panel, color)
    return wall


def view(wall: Wall) -> tuple[float, float, bool]:
    left, right, live = wall.page.evaluate(VIEW)
    return left, right, live


def box(wall: Wall, panel: str) -> dict[str, float]:
    """Where a chart has its lines, in pixels of the window."""
    found = wall.page.locator(f'[data-panel="{panel}"] .u-over').bounding_box()
    assert found is not None
    return {"x": found["x"], "y": found["y"], "width": found["width"], "height": found["height"]}


def point(wall: Wall, panel: str, share: float) -> None:
    """Put the mouse over a chart, at a share of its width."""
    area = box(wall, panel)
    wall.page.mouse.move(area["x"] + share * area["width"], area["y"] + area["height"] / 3)


def drag(wall: Wall, panel: str, start: float, end: float) -> None:
    """Drag in a chart from one share of its width to another."""
    point(wall, panel, start)
    wall.page.mouse.down()
    point(wall, panel, (start + end) / 2)
    point(wall, panel, end)
    wall.page.mouse.up()


def tells_of_now(wall: Wall) -> bool:
    """Whether the labels of the load's chart are of its newest sample: those go on in a pause."""
    told, newest = wall.page.evaluate(LOAD_LABELS)
    return list(told) == [pytest.approx(value, abs=0.006) for value in newest]


def seconds(text: str) -> int:
    """HH:MM:SS as seconds of the day."""
    hours, minutes, rest = (int(part) for part in text.split(":"))
    return 3600 * hours + 60 * minutes + rest


def clock_of(wall: Wall, time: float) -> str:
    """HH:MM:SS in the browser's time zone."""
    say = """(time) => new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit",
        second: "2-digit" }).format(time * 1000)"""
    return str(wall.page.evaluate(say, time))


def test_a_kiosk_loads_none_of_it(service: Service, open_wall: OpenWall, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wall = open_wall(service, f"{BOX}?kiosk=1")
    wall.wait_for_link("live")
    wall.wait_for_ink("cpu", "blue")
    wall.wait_for_sample()
    assert any("wall.js" in url for url in asked)
    assert not [url for url in asked if "desk" in url or "dialogs" in url]
    assert page.locator("button, select, dialog").count() == 0
    page.keyboard.press("p")
    point(wall, "cpu", 0.5)
    wall.wait_for_sample()
    assert view(wall)[2] is True
    assert page.locator(".flag").count() == 0


def test_tools_have_names_and_come_in_order(wall: Wall) -> None:
    names = [
        "All machines",
        *("Pause (space)", "Time that the charts show", "Go to a moment (g)"),
        *("Light (t)", "Full screen (f)"),
        *("Download what is shown (d)", "Edit this page (e)", "Help (?)"),
    ]
    page = wall.page
    found = []
    for _ in names:
        page.keyboard.press("Tab")
        found.append(page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert found == names
    tab = "document.activeElement.closest('[data-panel]')?.dataset.panel"
    page.keyboard.press("Tab")
    assert page.evaluate(tab) == "cpu", "then the panels, in their order"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.plot')"), "each with its chart"
    page.keyboard.press("Tab")
    assert page.evaluate(tab) == "memory"
    unnamed = """[...document.querySelectorAll('button, select, input')].filter(
        (one) => !one.getAttribute('aria-label')).length"""
    assert page.evaluate(unnamed) == 0


def test_pause_stops_the_charts_and_says_so(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("Space")
    wall.wait_for(NOTE)
    left, right, live = view(wall)
    assert (right - left, live) == (300, False)
    assert wall.text(NOTE) == (
        f"paused at {clock_of(wall, right)}, figures are still live: space goes on"
    )
    expect(page.get_by_role("button", name="Go on (space)")).to_be_visible()
    tops = [box(wall, panel)["y"] for panel in ("cpu", "load")]
    for _ in range(2):
        wall.wait_for_sample()
    assert view(wall) == (left, right, False)
    assert page.locator('[data-tile="cpu"]').get_attribute("data-freshness") == "fresh"
    page.keyboard.press("p")
    expect(page.locator(NOTE)).to_have_count(0)
    wait_for(lambda: view(wall)[1] > right, "the charts to go on")
    assert [box(wall, panel)["y"] for panel in ("cpu", "load")] == tops, "nothing jumped"
    # And with the button, and Escape.
    page.click("[data-pause]")
    wall.wait_for(NOTE)
    page.keyboard.press("Escape")
    expect(page.locator(NOTE)).to_have_count(0)
    assert view(wall)[2] is True


def test_all_charts_tell_of_the_moment_under_the_cursor(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("p")
    wall.wait_for(NOTE)
    left, right, _ = view(wall)
    assert page.locator(".flag:visible").count() == 0
    assert wall.text('[data-panel="cpu"] .labels li:first-child').strip() == "all cores"

    point(wall, "memory", 0.25)
    expect(page.locator(".flag:visible")).to_have_count(6)
    flags = set(page.locator(".flag:visible").all_text_contents())
    assert len(flags) == 1, "one moment for all"
    expected = left + 0.25 * (right - left)
    moment = min(range(int(expected) - 3, int(expected) + 4), key=lambda at: abs(at - expected))
    at = next(t for t in (moment, moment - 1, moment + 1) if clock_of(wall, t) in flags)

    def told(panel: str, line: int) -> str:
        labels = page.locator(f'[data-panel="{panel}"] .labels li')
        return (labels.nth(line).locator("data").text_content() or "").replace("\xa0", " ")

    # What a tile tells, too: that is of now, and not of then.
    assert float(told("cpu", 0).split()[0]) == pytest.approx(at % 100, abs=0.5)
    assert float(told("cpu", 1).split()[0]) == pytest.approx(at % 10, abs=0.06)
    assert float(told("load", 0)) == at % 50

    page.mouse.move(5, 5)
    expect(page.locator(".flag:visible")).to_have_count(0)
    wait_for(lambda: tells_of_now(wall), "the labels to tell of the newest sample again")
    assert wall.text('[data-panel="cpu"] .labels li:first-child').strip() == "all cores"


# What a panel's labels say, and the edges of its newest row, in percent.
STACK = f"""async (panel) => {{
    const {{ lines, labels, chart }} = {GRID}.panels.find(({{ spec }}) => spec.name === panel);
    const edges = chart.data.slice(1).map((column) => column[column.length - 1]);
    return lines.map(({{ field }}, index) => [field, edges[index], labels[index].textContent]);
}}"""


# Whether the CPU's chart has a half transparent green at a height, as a share of the plot's.
GREEN_AREA = """(height) => {
    const plot = document.querySelector('[data-panel="cpu"] .uplot');
    const [canvas, over] = [plot.querySelector("canvas"), plot.querySelector(".u-over")];
    const y = Math.round((over.offsetTop + (1 - height) * over.offsetHeight) * devicePixelRatio);
    const { data } = canvas.getContext("2d").getImageData(0, y, canvas.width, 1);
    for (let at = 0; at < data.length; at += 4) {
        const far = [47, 199, 155].map((level, i) => Math.abs(data[at + i] - level));
        const alpha = data[at + 3];
        if (Math.max(...far) < 4 && alpha > 90 && alpha < 150) return true;
    }
    return false;
}"""


def test_a_desk_has_stacks_and_a_wall_lines(service: Kept, wall: Wall, open_wall: OpenWall) -> None:
    """The parts of memory add up to all of it, and those of the CPU to what is in use."""
    page = wall.page
    wall.wait_for_sample()

    def adds_up() -> bool:
        # In the log's past each figure went its own way; each is rounded to a tenth.
        user, system, steal, waits, in_all = page.evaluate(STACK, "cpu")
        in_order = user[1] <= system[1] <= steal[1] <= waits[1]
        return bool(in_order and abs(steal[1] - in_all[1]) < 0.3)

    wait_for(adds_up, "a sample of this machine, whose parts add up")
    in_use, cache, free, swap = page.evaluate(STACK, "memory")
    assert 0 < in_use[1] < cache[1] < free[1] == pytest.approx(100, abs=0.2)
    assert re.fullmatch(r"cache [\d.]+\s[KMGT]iB", cache[2])
    assert swap[0] == "swap_percent"
    # Green lies between 20 and 30 percent of the past, as far as no line is there.
    wait_for(lambda: page.evaluate(GREEN_AREA, 0.27), "the area of the kernel")
    assert not page.evaluate(GREEN_AREA, 0.17), "below it is that of programs"
    # The newest figures stand in the order of importance.
    names = page.locator('[data-panel="cpu"] .labels li:not(.before)').all_text_contents()
    assert [name.split()[0] for name in names] == ["all", "disk", "user", "system", "steal"]
    open_wall(service, f"{BOX}?distance=4m").wait_for_link("live")
    assert [line[0] for line in page.evaluate(STACK, "cpu")] == ["percent", "iowait"]


def test_a_gap_has_no_value_under_the_cursor(service: Kept, open_wall: OpenWall) -> None:
    end = service.end
    wall = open_wall(service, "/?host=gappy&panels=load&tiles=none")
    wall.wait_for("[data-tools] button")
    wall.wait_for_ink("load", "blue")
    wait_for(lambda: view(wall)[1] > end + 10, "some time without samples")
    page = wall.page
    page.keyboard.press("p")
    wall.wait_for(NOTE)
    left, right, _ = view(wall)
    first = page.locator('[data-panel="load"] .labels li data').first
    for ago, value in ((165, "7.00"), (140, "—"), (90, "—"), (70, "7.00"), (-7, "—")):
        share = (end - ago - left) / (right - left)
        point(wall, "load", share)
        expect(first).to_have_text(value)
        flag = wall.text(".flag")
        assert abs(seconds(flag) - seconds(clock_of(wall, end - ago))) <= 2, (ago, flag)


def test_a_drag_zooms_and_a_double_click_goes_back(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("p")
    wall.wait_for(NOTE)
    left = view(wall)[0]
    page.keyboard.press("p")
    drag(wall, "disk", 0.25, 0.75)
    wall.wait_for(f"{NOTE}:text('zoomed to')")
    wait_for(lambda: view(wall)[0] > left + 30, "the zoom to be drawn")
    start, end, live = view(wall)
    assert live is False
    assert end - start == pytest.approx(150, abs=3)
    assert start == pytest.approx(left + 75, abs=8)
    assert f"{clock_of(wall, start)} to {clock_of(wall, end)}" in wall.text(NOTE)
    wall.wait_for_sample()
    assert view(wall) == (start, end, False)
    # Further in, and out again at once.
    drag(wall, "cpu", 0.4, 0.6)
    wait_for(lambda: view(wall)[1] - view(wall)[0] < 40, "the zoom into the zoom")
    ink = wall.wait_for_ink("cpu", "orange")
    assert ink[0][0] < 0.05
    assert ink[-1][1] > 0.95
    area = box(wall, "memory")
    page.mouse.dblclick(area["x"] + 50, area["y"] + 50)
    wait_for(lambda: view(wall)[2], "live")
    expect(page.locator(NOTE)).to_have_count(0)
    wait_for(lambda: view(wall)[1] - view(wall)[0] == 300, "the whole window")


def test_what_is_held_outlives_new_history(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("p")
    wall.wait_for(NOTE)
    held = page.evaluate(DRAWN)
    with page.expect_response(re.compile("/history")):
        page.evaluate(f"async () => {{ {GRID}.stream.ask({{ window: 30 }}); }}")
    wall.wait_for_sample()
    assert page.evaluate(DRAWN) == held
    assert wall.wait_for_ink("cpu", "blue")[0][0] < 0.05


def test_a_paused_page_goes_on_when_everybody_has_left(
    service: Service, open_wall: OpenWall, page: Page
) -> None:
    page.clock.install()
    wall = ready(open_wall(service, BOX))
    page.keyboard.press("p")
    wall.wait_for(NOTE)
    minute = 60_000
    page.clock.fast_forward(14 * minute)
    page.clock.run_for(2000)
    page.mouse.move(100, 100)
    page.mouse.move(120, 120)
    page.clock.fast_forward(14 * minute)
    page.clock.run_for(2000)
    assert page.locator(NOTE).count() == 1, "somebody moved the mouse 14 minutes ago"
    page.clock.fast_forward(minute)
    page.clock.run_for(2000)
    expect(page.locator(NOTE)).to_have_count(0)
    assert page.evaluate(f"async () => {GRID}.timeWindow.live") is True


def test_another_window_without_a_reload(service: Service, open_wall: OpenWall) -> None:
    wall = ready(open_wall(service, BOX, noted=True))
    page = wall.page
    page.evaluate("window.stillHere = true")
    assert len(wall.rows("cpu").times) < 400
    capacity = wall.rows("cpu").capacity
    page.keyboard.press("2")
    wait_for(lambda: len(wall.rows("cpu").samples) > 550, "the longer past")
    assert page.url.endswith("/box?window=15m")
    assert "since=900&" in wall.history_requests[-1]
    assert wall.rows("cpu").capacity > capacity
    wait_for(lambda: view(wall)[1] - view(wall)[0] == 900, "the longer window to be drawn")
    wait_for(lambda: wall.ink("load", "blue")[0][0] < 0.03, "ink from edge to edge")
    wall.wait_for_sample()

    assert page.input_value("[data-window]") == "900"
    page.select_option("[data-window]", "21600")
    wait_for(lambda: view(wall)[1] - view(wall)[0] == 21_600, "six hours")
    assert page.url.endswith("/box?window=6h")
    page.keyboard.press("1")
    wait_for(lambda: view(wall)[1] - view(wall)[0] == 300, "five minutes")
    assert page.url == f"{wall.service.url}{BOX}"
    wait_for(lambda: wall.rows("cpu").capacity == capacity, "the smaller tables")
    wall.wait_for_sample()
    assert wall.link == "live"
    assert page.evaluate("window.stillHere") is True


def test_a_window_of_the_address_is_offered_beside_the_others(
    service: Service, open_wall: OpenWall
) -> None:
    wall = ready(open_wall(service, f"{BOX}?window=90s&theme=light&columns=2"))
    options = wall.page.locator("[data-window] option").all_text_contents()
    assert options == [
        *("90s", "5 min", "15 min", "1 h", "6 h"),
        *("1 day", "1 week", "30 days", "1 year"),
    ]
    assert wall.page.input_value("[data-window]") == "90"
    wall.page.keyboard.press("t")
    assert wall.page.url.endswith("/box?columns=2&window=90s")
    assert wall.page.get_attribute("html", "data-theme") == "dark"


def test_full_screen_by_key_and_by_button(wall: Wall) -> None:
    page = wall.page
    full = "() => document.fullscreenElement === document.documentElement"
    page.keyboard.press("f")
    page.wait_for_function(full)
    expect(page.get_by_role("button", name="Leave full screen (f)")).to_be_visible()
    page.click("[data-full]")
    page.wait_for_function("() => document.fullscreenElement === null")
    expect(page.get_by_role("button", name="Full screen (f)", exact=True)).to_be_visible()


def test_help_lists_every_key(wall: Wall) -> None:
    page = wall.page
    page.focus("[data-help]")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    keys = dialog.locator("kbd").all_text_contents()
    assert keys[:13] == ["space", "p", "Esc", *"12345678", "[", "]"]
    assert keys[13:] == [*"gtfdeai?", "←", "→", "Enter"]
    assert release(build_id()) in (dialog.text_content() or "")
    # Keys are the dialog's now.
    page.keyboard.press("p")
    page.keyboard.press("t")
    assert page.locator(NOTE).count() == 0
    assert page.get_attribute("html", "data-theme") == "dark"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.hasAttribute('data-help')"), "where it was before"
    # A click beside it closes it, one inside does not.
    page.click("[data-help]")
    dialog.click(position={"x": 60, "y": 90})
    expect(dialog).to_be_visible()
    page.mouse.click(20, 500)
    expect(dialog).to_be_hidden()


def test_a_chart_is_read_by_keyboard_and_as_a_table(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press(" ")  # so that the charts stand
    beyond = f"async () => ({GRID}).store.newest('box') > ({GRID}).timeWindow.held.to"
    wait_for(lambda: page.evaluate(beyond), "a sample beyond the end of the charts")
    box = page.locator('[data-panel="cpu"] .plot')
    box.focus()
    flag, said = box.locator(".flag"), page.locator("[data-announcer]")
    page.keyboard.press("ArrowLeft")
    expect(flag).to_be_visible()
    newest = str(flag.text_content())
    expect(said).to_have_text(re.compile(rf"^CPU {newest}: all cores .*%, disk wait .*%$"))
    page.keyboard.press("ArrowLeft")
    expect(flag).not_to_have_text(newest)
    expect(page.locator('[data-panel="memory"] .flag')).to_be_visible()
    page.keyboard.press("End")
    expect(flag).to_have_text(newest)
    page.keyboard.press("Enter")
    table = page.get_by_role("dialog", name="CPU: values").locator("table")
    expect(table.locator("th[scope=col]")).to_have_text(
        ["Time", "all cores", "disk wait", "user", "system", "steal"]
    )
    expect(table.locator("tbody th").first).to_have_text(re.compile(rf"{newest}$"))
    page.keyboard.press("Escape")
    # Before the newest samples they end where the charts do.
    page.keyboard.press("[")
    wall.wait_for(f"{NOTE}:has-text('zoomed')")
    box.focus()
    inside = f"""async () => {{
        const {{ past, timeWindow }} = {GRID};
        return past.pointed !== null && past.pointed <= timeWindow.held.to;
    }}"""

    def ends_inside() -> bool:
        page.keyboard.press("End")
        return bool(page.evaluate(inside))

    wait_for(ends_inside, "the cursor at the end of the charts")
    page.locator("[data-help]").focus()
    expect(flag).to_be_hidden()
    # Whoever presses letters without meaning to switches them off.
    page.keyboard.press("?")
    page.get_by_label("Keys of one letter or sign").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    page.keyboard.press("?")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert page.get_attribute("html", "data-theme") == "dark"


def test_all_panels_and_what_their_figures_mean(wall: Wall) -> None:
    page = wall.page
    page.keyboard.press("i")
    dialog = page.locator("dialog.meanings")
    expect(dialog).to_contain_text("cpu.iowait")
    expect(dialog).to_contain_text("idle, with a disk request outstanding")
    assert "gpu." not in str(dialog.text_content()), "only what is shown"
    assert dialog.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    page.keyboard.press("Escape")
    shown = page.locator("[data-panel]").count()
    page.keyboard.press("a")
    page.wait_for_url("**panels=all")
    wall.wait_for_link("live")
    expect(page.locator('[data-panel="interfaces"]')).to_be_attached()
    least = page.eval_on_selector_all(
        ".panels > .panel", "(all) => Math.min(...all.map((one) => one.offsetHeight))"
    )
    assert least > 100, "more panels than fit are scrolled to, and not squeezed"
    expect(page.locator('[data-panel="processes"] [data-more]')).to_have_text(
        re.compile(r"^\d+ more$")
    )
    page.keyboard.press("a")
    expect(page.locator("[data-panel]")).to_have_count(shown)


def test_keys_that_are_meant_for_something_else(wall: Wall) -> None:
    page = wall.page
    for key in ("Control+d", "Alt+t", "Meta+p", "Control+1", "Shift+T", "q", "Enter", "ArrowUp"):
        page.keyboard.press(key)
    page.focus("[data-window]")
    page.keyboard.press("p")
    page.keyboard.press("t")
    assert page.locator(NOTE).count() == 0
    assert page.locator("dialog[open]").count() == 0
    assert page.get_attribute("html", "data-theme") == "dark"
    # Space on a button presses that button.
    page.focus("[data-theme-toggle]")
    page.keyboard.press("Space")
    assert page.get_attribute("html", "data-theme") == "light"
    assert page.locator(NOTE).count() == 0
    # It acts on the same button still, so other keys do, too.
    page.keyboard.press("p")
    wall.wait_for(NOTE)


def download(wall: Wall, ending: str) -> tuple[str, str]:
    """The name and the text of what the page saves."""
    page = wall.page
    page.keyboard.press("d")
    with page.expect_download() as waiting:
        page.click(f'[data-save="{ending}"]')
    expect(page.locator("dialog[open]")).to_have_count(0)
    return waiting.value.suggested_filename, waiting.value.path().read_text()


def test_what_is_shown_is_downloaded(service: Kept, wall: Wall) -> None:
    wall.page.keyboard.press("p")
    wall.wait_for(NOTE)
    left, right, _ = view(wall)
    name, text = download(wall, "csv")
    stamp = datetime.fromtimestamp(right, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    assert name == f"box-{stamp}.csv"
    head, *rows = csv.reader(io.StringIO(text))
    assert head[:2] == ["time", "seconds"]
    assert {"cpu.percent", "cpu.iowait", "cpu.cores.0", "memory.percent", "load.load5"} <= set(head)
    assert "network.sent_bytes_per_second" in head
    assert {"cpu.user", "memory.reclaimable"} <= set(head), "what lies on each other"
    assert "memory.used" not in head, "what no chart shows"
    times = [float(row[1]) for row in rows]
    assert all(earlier < later for earlier, later in pairwise(times))
    assert left <= times[0] < left + 2
    assert right - 2 < times[-1] <= right
    column = head.index("cpu.percent")
    for row in rows:
        assert datetime.fromisoformat(row[0]).timestamp() == pytest.approx(float(row[1]), abs=0.001)
    written = [row for row in rows if float(row[1]) < service.end]
    assert len(written) > 100
    assert all(float(row[column]) == float(row[1]) % 100 for row in written)

    name, text = download(wall, "json")
    assert name == f"box-{stamp}.json"
    told: dict[str, Any] = json.loads(text)
    assert told["host"] == "box"
    assert datetime.fromisoformat(told["from"]).timestamp() == pytest.approx(left, abs=0.001)
    assert datetime.fromisoformat(told["to"]).timestamp() == pytest.approx(right, abs=0.001)
    assert list(told["columns"]) == head
    assert told["columns"]["seconds"] == times
    assert [str(v) if v is not None else "" for v in told["columns"]["cpu.percent"]] == [
        row[column] for row in rows
    ]
    assert told["latest"]["processes"]["count"] > 0


def test_a_zoom_is_downloaded_as_it_is_shown(wall: Wall) -> None:
    drag(wall, "cpu", 0.3, 0.4)
    wait_for(lambda: view(wall)[1] - view(wall)[0] < 60, "the zoom")
    left, right, _ = view(wall)
    _, text = download(wall, "csv")
    times = [float(row["seconds"]) for row in csv.DictReader(io.StringIO(text))]
    assert times == [float(at) for at in range(int(left) + 1, int(right) + 1)]


SNIPPET = '[data-snippet="{}"] code'


def test_snippets_are_right_for_the_address_of_the_page(
    service: Service, open_wall: OpenWall, make_relay: Callable[..., Any], page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    relay = make_relay(service)
    opened = open_wall(service, "/?window=15m&panels=memory,processes", url=relay.url)
    wall = ready(opened, "memory", "green")
    assert page.evaluate(OPACITY) == "0"
    page.hover('[data-panel="memory"]')
    page.get_by_role("button", name="Embed this panel: Memory").click()
    dialog = page.get_by_role("dialog", name="Embed this panel: Memory")
    expect(dialog).to_be_visible()
    frame, component, stream = (
        wall.text(SNIPPET.format(name)) for name in ("Frame", "Web component", "Stream")
    )
    assert f'src="{relay.url}/embed/memory?window=15m' in frame
    assert f'src="{relay.url}/static/embed.js"' in component
    assert f'<vitals-chart src="{relay.url}" panel="memory" window="15m"' in component
    assert f'new EventSource("{relay.url}/stream?events=memory")' in stream
    assert len(stream.splitlines()) == 4
    assert "ALLOWED_ORIGINS" in wall.text("dialog .dialog-body")
    assert "FRAME_ANCESTORS" in wall.text("dialog .dialog-body")
    for name, text in (("Frame", frame), ("Web component", component), ("Stream", stream)):
        page.get_by_role("button", name=f"Copy: {name}").click()
        expect(page.locator(f'[data-snippet="{name}"] [data-copy]')).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
    page.keyboard.press("Escape")
    page.hover('[data-panel="processes"]')
    page.click('[data-embed-panel="processes"]')
    expect(dialog).to_be_hidden()
    assert "console.log(JSON.parse(event.data));" in wall.text(
        f"dialog[open] {SNIPPET.format('Stream')}"
    )


def test_the_four_lines_of_the_snippet_work(wall: Wall) -> None:
    page = wall.page
    page.hover('[data-panel="cpu"]')
    page.click('[data-embed-panel="cpu"]')
    code = wall.text(SNIPPET.format("Stream"))
    with page.expect_console_message(lambda message: message.type == "log") as heard:
        page.evaluate(code.replace("const stream", "window.stream"))
    assert 0 <= float(heard.value.text) <= 100
    page.evaluate("window.stream.close()")


def test_on_a_wall_keys_do_without_tools(service: Service, open_wall: OpenWall) -> None:
    wall = open_wall(service, f"{BOX}?distance=4m")
    wall.wait_for_link("live")
    wall.wait_for("[data-tools] button")
    page = wall.page
    assert page.locator("[data-tools]").is_hidden()
    assert page.locator(".corner button:visible").count() == 0
    page.keyboard.press("Space")
    wall.wait_for(NOTE)
    assert page.locator(NOTE).is_visible()
    page.keyboard.press("Escape")
    expect(page.locator(NOTE)).to_have_count(0)
    page.keyboard.press("t")
    assert page.url.endswith("/box?theme=light&distance=4m")
    page.keyboard.press("?")
    size = page.locator("dialog[open]").bounding_box()
    assert size is not None
    assert size["height"] < 1080


@pytest.mark.usefixtures("outages")
def test_a_dialog_that_cannot_be_loaded_is_named_and_asked_for_again(wall: Wall) -> None:
    page = wall.page
    page.route("**/desk/help.js", lambda route: route.abort())
    page.keyboard.press("?")
    wall.wait_for('[data-note="dialog"]')
    assert wall.text('[data-note="dialog"]').startswith("the help could not be loaded")
    page.unroute("**/desk/help.js")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert page.locator('[data-note="dialog"]').count() == 0


def test_print_is_dark_on_white_without_tools(service: Service, open_wall: OpenWall) -> None:
    # So many that a table is cut.
    panels = "cpu,memory,disk,network,load,pressure,filesystem,interfaces,processes,log,notice"
    page = ready(open_wall(service, f"{BOX}?panels={panels}")).page
    page.mouse.move(5, 5)
    page.wait_for_selector(".printed", state="attached")
    page.wait_for_selector("[data-more]:not(:empty)")
    assert page.locator("tr[data-cut]").count() > 0
    page.evaluate(
        """() => {
            const shown = (selector) => document.querySelector(selector).checkVisibility();
            const hidden = (row) => getComputedStyle(row).visibility === "hidden";
            addEventListener("beforeprint", () => {
                const { theme } = document.documentElement.dataset;
                window.printed = { theme, when: document.querySelector(".printed").textContent };
            });
            matchMedia("print").addEventListener("change", ({ matches }) => {
                if (!matches) return;
                const { backgroundColor } = getComputedStyle(document.body);
                Object.assign(window.printed, {
                    ground: backgroundColor, tools: shown(".tools"), when_shown: shown(".printed"),
                    hidden: [...document.querySelectorAll("tr, .lines li")].filter(hidden).length,
                    more: shown("[data-more]:not(:empty)"),
                    panels: [...document.querySelectorAll(".panel")]
                        .filter((one) => one.checkVisibility()).length,
                });
            });
        }"""
    )
    assert page.pdf().startswith(b"%PDF")
    printed = page.evaluate("window.printed")
    assert printed["theme"] == "light"
    assert printed["ground"] == "rgb(255, 255, 255)"
    assert (printed["tools"], printed["when_shown"]) == (False, True)
    assert (printed["hidden"], printed["more"]) == (0, False), "rows that a screen cuts"
    assert printed["panels"] == page.locator(".panel:visible").count() >= 6
    assert re.fullmatch(r"printed \d\d? \w+ \d{4}, \d\d:\d\d", printed["when"])
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    assert page.locator("[data-tools]").is_visible()
    assert page.locator(".printed").is_hidden()


def test_nothing_moves_for_whoever_wants_no_motion(wall: Wall) -> None:
    page = wall.page
    duration = "getComputedStyle(document.querySelector('.corner button')).transitionDuration"
    assert page.evaluate(duration) != "0s"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(duration) == "0s"
    page.keyboard.press("e")
    wall.wait_for("dialog.editor[open]")
    moving = """[...document.querySelectorAll('*')].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return transitionDuration !== '0s' || animationName !== 'none';
    }).map((one) => one.className)"""
    assert page.evaluate(moving) == []
