"""The page of the past: years in a chart, a moment as a link, a zoom down to the samples."""

import re
import time
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from dashboard.events.event import Event
from dashboard.log.history.store import HistoryStore
from tests.page.wall import MODULE, Wall
from tests.page.years import DAY, write_years
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

GRID = f"({MODULE}).grid"
VIEW = f"async () => [{GRID}.view?.from, {GRID}.view?.to, {GRID}.timeWindow.live]"
SPIKES = {300 * DAY: 97.0, 20 * DAY: 96.0, 3600.0: 99.0}  # seconds before the end: cpu.percent


class Kept(Service):
    """A service with a year behind it."""

    end = 0.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    service = Kept(tmp_path_factory.mktemp("service"))
    service.end = write_years(service, SPIKES)
    for ago, program in ((3700, "indexer"), (3600, "loader")):
        at = service.end - ago
        service.clock_offset = at + 0.2 - time.time()
        top = [{"name": program, "user": "ann", "cpu_percent": 99.0, "memory_bytes": 1e6}]
        service.append("processes", "box", time=at, count=217, running=3, top=top)
    service.clock_offset = 0.0
    write_programs(service, service.end - 20 * DAY)
    service.start().wait_until_ready()
    yield service
    service.close()


def write_programs(service: Service, at: float) -> None:
    """Write into the history which program took most in the minute of a time."""
    path = service.log_file.with_name(f"{service.log_file.stem}-history.db")
    store = HistoryStore(path, service.run_directory / "history-files.lock")
    data = {"time": at, "count": 90, "programs": {"top": [{"name": "backup", "cpu_percent": 96.0}]}}
    with store.writing() as writing:
        writing.add_programs([Event("box", "processes", msgspec.json.encode(data).decode())])
    store.close()


def view(wall: Wall) -> tuple[float, float, bool]:
    left, right, live = wall.page.evaluate(VIEW)
    return left, right, live


def pixel(wall: Wall, at: float) -> tuple[float, float]:
    """Where in the window the CPU's chart has a moment."""
    left, right, _ = view(wall)
    area = wall.page.locator('[data-panel="cpu"] .u-over').bounding_box()
    assert area is not None
    share = (at - left) / (right - left)
    return area["x"] + share * area["width"], area["y"] + area["height"] / 3


def peak_at(wall: Wall, at: float, value: str) -> None:
    """Point at a moment; the chart tells of a span with this highest value, within a pixel."""
    label = wall.page.locator('[data-panel="cpu"] .labels li').first

    def told() -> bool:
        for aside in (0, -1, 1):
            x, y = pixel(wall, at)
            wall.page.mouse.move(x + aside, y)
            if f"↑ {value}" in (label.text_content() or ""):
                return True
        return False

    wait_for(told, f"a span whose highest value is {value}")


def test_a_spike_is_seen_in_a_year_and_is_found_by_zooming(service: Kept, page: Page) -> None:
    wall = Wall(page, service).open("/?window=1y", noted=True)
    wall.wait_for_link("live")
    wall.wait_for_ink("cpu", "blue")
    wait_for(lambda: (top := wall.top("cpu", "blue")) is not None and top < 0.06, "the spike")
    spike = service.end - 300 * DAY
    peak_at(wall, spike, "97")
    assert re.fullmatch(
        r"\d\d? \w+ \d{4}, \d\d:\d\d, within these 31.h", wall.text(".flag >> nth=0")
    )
    # Two weeks around it, and then the day: each drag asks for its stretch.
    for days in (14.0, 1.0):
        wall.page.mouse.move(*pixel(wall, spike - days * DAY / 2))
        wall.page.mouse.down()
        wall.page.mouse.move(*pixel(wall, spike))
        wall.page.mouse.move(*pixel(wall, spike + days * DAY / 2))
        with wall.page.expect_response(re.compile(r"/history\?.*from=.*to=")):
            wall.page.mouse.up()
        wait_for(lambda: view(wall)[1] - view(wall)[0] < 1.6 * days * DAY, "the zoom")  # noqa: B023
        wall.wait_for_ink("cpu", "blue")
    wait_for(
        lambda: re.search(r"within these [56]\d.min", span_at(wall, spike)),
        "hours, which is all that is kept",
    )
    assert len([url for url in wall.history_requests if "from=" in url]) == 2
    # The address is a link to it, for another page.
    left, right, _ = view(wall)
    assert re.search(r"\?window=1y&at=\d{4}-\d\d-\d\dT[\d:]+&zoom=\d+\w$", page.url)
    page.goto(page.url)
    wall.wait_for('[data-note="held"]')
    wait_for(lambda: view(wall)[:2] == pytest.approx((left, right), abs=1), "the same stretch")
    left, right, _ = view(wall)
    peak_at(wall, spike, "97")
    # And steps lead on, until now.
    page.keyboard.press("[")
    wait_for(lambda: view(wall)[1] == left, "the stretch before")
    page.keyboard.press("Escape")
    wait_for(lambda: view(wall)[2], "live")
    assert page.url == f"{service.url}/?window=1y"


def span_at(wall: Wall, at: float) -> str:
    wall.page.mouse.move(*pixel(wall, at))
    return wall.text(".flag >> nth=0")


def test_a_moment_of_today_has_its_samples_and_the_strip_is_full(service: Kept, page: Page) -> None:
    spike = service.end - 3600
    wall = Wall(page, service).open(f"/?panels=cpu,cores&tiles=none&at={spike + 300}&zoom=10m")
    wall.wait_for('[data-note="held"]')
    wall.wait_for('[data-panel="cpu"] .uplot canvas')
    wall.wait_for_ink("cpu", "blue")
    wait_for(lambda: (top := wall.top("cpu", "blue")) is not None and top < 0.03, "the spike")
    assert view(wall) == (spike - 300, spike + 300, False)
    assert span_at(wall, spike) == wall.page.evaluate(
        "(at) => new Intl.DateTimeFormat('en-GB', {timeStyle: 'medium'}).format(at * 1000)", spike
    )
    page.keyboard.press("6")
    wait_for(lambda: view(wall)[2] and view(wall)[1] - view(wall)[0] == 7 * DAY, "a week")
    painted = """() => {
        const canvas = document.querySelector('[data-panel="cores"] canvas');
        const { data } = canvas.getContext("2d").getImageData(0, 10, canvas.width, 1);
        let filled = 0;
        for (let at = 3; at < data.length; at += 4) filled += data[at] > 0;
        return filled / canvas.width;
    }"""
    wait_for(lambda: page.evaluate(painted) > 0.97, "the strip of cores")


def test_the_calendar_leads_to_a_moment_by_the_keyboard_alone(service: Kept, page: Page) -> None:
    wall = Wall(page, service).open("/?panels=cpu&tiles=none")
    wall.wait_for("[data-calendar]")
    wall.wait_until_joined()
    page.keyboard.press("g")
    field = page.locator("dialog.calendar input")
    wait_for(lambda: field.get_attribute("min"), "how far back it goes")
    read = "(text) => new Date(text).getTime() / 1000"
    assert page.evaluate(read, field.get_attribute("min")) == pytest.approx(
        service.end - 365 * DAY, abs=31 * DAY
    )
    assert page.evaluate(read, field.get_attribute("max")) == pytest.approx(time.time(), abs=60)
    assert field.evaluate("(input) => input === document.activeElement")
    spike = int(service.end - 3600)
    field.fill("2100-01-01T00:00")
    page.keyboard.press("Enter")
    assert page.locator("dialog[open]").count() == 1
    written = "(at) => new Date(at * 1000 - new Date().getTimezoneOffset() * 60000)"
    field.fill(page.evaluate(f"(at) => ({written})(at).toISOString().slice(0, 19)", spike + 60))
    page.keyboard.press("Enter")
    wait_for(lambda: view(wall) == (spike - 240, spike + 60, False), "the stretch until then")
    assert re.search(r"\?panels=cpu&tiles=none&at=\d{4}-\d\d-\d\dT[\d:]+$", page.url)
    wall.wait_for_ink("cpu", "blue")
    page.keyboard.press("g")
    assert page.evaluate(read, field.input_value()) == spike + 60
    page.keyboard.press("Escape")
    wait_for(lambda: page.locator("dialog[open]").count() == 0, "the dialog to close")
    assert not view(wall)[2], "the first Escape closes the dialog alone"


def test_lists_show_the_moment_that_charts_are_pointed_at(service: Kept, page: Page) -> None:
    spike = service.end - 3600
    wall = Wall(page, service).open(
        f"/?panels=cpu,processes&tiles=none&at={spike + 60}&zoom=10m", noted=True
    )
    panel = '[data-panel="processes"]'

    def row(*words: str) -> bool:
        shown = wall.text(panel)
        return all(word in shown for word in words)

    def time_at(at: float) -> str:
        words = "(at) => new Intl.DateTimeFormat('en-GB', {timeStyle: 'medium'}).format(at * 1000)"
        return str(wall.page.evaluate(words, at))

    def point(at: float) -> None:
        wall.page.mouse.move(*pixel(wall, at))

    # Held at a moment they show it; nothing of now.
    wait_for(lambda: row(f"at {time_at(spike)}", "loader", "217 in all, 3 running"), "the held one")
    age = page.locator(f"{panel} .age")
    assert age.evaluate("(each) => getComputedStyle(each).visibility") == "visible"
    wall.wait_for('[data-panel="cpu"] .uplot canvas')
    point(spike - 50)
    wait_for(lambda: row(f"at {time_at(spike - 100)}", "indexer"), "what was there before")
    assert "loader" not in wall.text(panel)
    point(spike - 300)
    wait_for(lambda: row("Not kept: the log begins"), "where it begins")
    point(spike - 50)
    wait_for(lambda: row("indexer"), "the same once more")
    asked = [url for url in wall.history_requests if "at=" in url]
    wall.page.mouse.move(0, 0)
    wait_for(lambda: row(f"at {time_at(spike)}", "loader"), "the held one")
    page.keyboard.press("Escape")
    wait_for(lambda: not row("loader") and not row(" at "), "what is live")
    assert age.evaluate("(each) => getComputedStyle(each).visibility") == "hidden", "LIVE says it"
    assert len([url for url in wall.history_requests if "at=" in url]) == len(asked) == 3


def test_lists_show_the_programs_of_a_minute_that_the_log_no_longer_has(
    service: Kept, page: Page
) -> None:
    spike = service.end - 20 * DAY
    wall = Wall(page, service)
    wall.open(f"/?panels=cpu,processes,processes:by-name&tiles=none&at={spike + 20}&zoom=1h")
    for panel in ("processes", "processes:by-name"):
        words = f'[data-panel="{panel}"]'
        wait_for(lambda: "backup" in wall.text(words), "the program")  # noqa: B023
        assert "96" in wall.text(words)
        assert "90 in all" in wall.text(words) or "90 processes" in wall.text(words)


def test_hours_of_the_night_in_which_clocks_change(
    service: Kept, browser: Browser, page: Page
) -> None:
    context = browser.new_context(timezone_id="Europe/Berlin")
    wall = Wall(context.new_page(), service)
    # The last Sunday of October before the end.
    found = next(
        day
        for day in (service.end - n * DAY for n in range(365))
        if (at := time.gmtime(day)).tm_mon == 10 and at.tm_wday == 6 and at.tm_mday > 24
    )
    midnight = found - found % DAY
    wall.open(f"/?panels=cpu&at={midnight + 3 * 3600}&zoom=6h")
    wall.wait_for('[data-note="held"]')
    wall.wait_for('[data-panel="cpu"] .uplot canvas')
    wall.wait_for_ink("cpu", "blue")
    hours = f"""async () => {{
        const {{ plot }} = {GRID}.panels[0].chart;
        return plot.axes[0]._values;
    }}"""
    marks = [mark[:2] for mark in wall.page.evaluate(hours) if mark.endswith(":00")]
    assert marks == ["23", "00", "01", "02", "02", "03", "04"]
    context.close()
