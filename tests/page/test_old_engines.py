"""The wall, the overview and embeds in engines of televisions: live, drawn, whole and readable."""

import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.page.elsewhere import Elsewhere
from tests.page.looks import COVERED, NOT_WHOLE, OVERFLOW
from tests.page.old_engines import LACKS_OF_87, unpack
from tests.page.past import sampling_held_up, write_past
from tests.page.wall import Wall
from tests.support.browser_fixtures import ARGUMENTS
from tests.support.service import Service, wait_for

MACHINES = [f"web-{number}" for number in range(1, 13)]
# What each of them lacks, though the page would like to have it.
LACKS = {
    "87": [
        "aspect-ratio: 1",
        "selector(:is(a))",
        "width: 1cqw",
        "color: color-mix(in srgb, red, red)",
    ],
    "103": ["selector(:has(a))", "width: 1cqw", "color: color-mix(in srgb, red, red)"],
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Service]:
    """A service that knows a machine with a past and a dozen others; nothing becomes stale."""
    folder = tmp_path_factory.mktemp("service")
    service = Service(folder, INTERVAL=120, ALLOWED_ORIGINS=elsewhere.origin)
    write_past(service)
    for place, host in enumerate(MACHINES):
        tell(service, host, 5.0 + 8 * place)
    with sampling_held_up(service):
        yield service.start()
        service.close()


@pytest.fixture(scope="module", params=list(LACKS))
def engine(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """An old Chromium, unpacked for this module."""
    folder = tmp_path_factory.mktemp("engine")
    without = LACKS_OF_87 if request.param == "87" else ()
    engine = browser.browser_type.launch(
        executable_path=unpack(request.param, folder),
        args=[*ARGUMENTS, f"--disable-blink-features={','.join(without)}"],
    )
    yield engine
    engine.close()
    shutil.rmtree(folder)


@pytest.fixture
def open_in(engine: Browser) -> Iterator[Callable[..., Page]]:
    """Open an address in the engine; at the end it has reported no error."""
    errors: list[str] = []
    pages = []

    def open_in(url: str, width: int = 1920, height: int = 1080) -> Page:
        # Without one such an engine has a language that no browser on a display has.
        page = engine.new_page(viewport={"width": width, "height": height}, locale="en-US")
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.extend([said.text] * (said.type == "error")))
        page.goto(url)
        return page

    yield open_in
    for page in pages:
        page.close()
    assert errors == []


def tell(service: Service, host: str, percent: float, *, ago: float = 0) -> None:
    mounts = [{"mountpoint": "/", "percent": 30.5}]
    rates = {"received_bytes_per_second": 888e6, "sent_bytes_per_second": 88.8e3}
    cpu = {"percent": percent, "user": percent, "cores": [percent] * 8, "time": time.time() - ago}
    service.append("cpu", host=host, **cpu)
    service.append("memory", host=host, percent=40.0)
    service.append("network", host=host, **rates)
    service.append("filesystem", host=host, mounts=mounts)


# Playwright's locators want a newer engine, so the page is asked; `root` leads into an element.
FIND = """(([at, root]) => {
    const place = root ? document.querySelector(root).shadowRoot : document;
    return place.querySelector(at);
})"""
# How often a listener hears of what happens once before its signal, and once after.
HEARD = """() => {
    const over = new AbortController();
    let heard = 0;
    addEventListener("something", () => { heard += 1; }, { signal: over.signal });
    dispatchEvent(new Event("something"));
    over.abort();
    dispatchEvent(new Event("something"));
    return heard;
}"""
SHADES = """[...document.querySelectorAll(".cell")].map(
    (one) => getComputedStyle(one, "::before").opacity)"""
HAS_FIGURE = """(percent) => [...document.querySelectorAll("main data")].some(
    ({ value }) => value === percent)"""


def wait_for_text(page: Page, at: str, text: str, root: str = "") -> None:
    told = f"([at, root, text]) => {FIND}([at, root])?.textContent === text"
    wait_for(lambda: page.evaluate(told, [at, root, text]), text)


def size_of(page: Page, at: str, root: str = "") -> float:
    """Return the type size of an element."""
    look = f"(asked) => parseFloat(getComputedStyle({FIND}(asked)).fontSize)"
    return float(page.evaluate(look, [at, root]))


def wait_for_link(page: Page) -> None:
    wait_for(lambda: page.evaluate("document.documentElement.dataset.link") == "live", "the link")


def assert_whole(page: Page) -> None:
    assert page.evaluate(OVERFLOW) == [0, 0]
    assert page.evaluate(NOT_WHOLE, True) == []
    assert page.evaluate(COVERED) == []
    assert page.evaluate("getComputedStyle(document.querySelector('.too-old')).display") == "none"


def test_the_engines_are_old(
    request: pytest.FixtureRequest, engine: Browser, open_in: Callable[..., Page]
) -> None:
    version = request.node.callspec.params["engine"]
    page = open_in("about:blank")
    assert engine.version.split(".")[0] == {"87": "88"}.get(version, version)
    assert page.evaluate("(all) => all.filter((one) => CSS.supports(one))", LACKS[version]) == []


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [
        ("/host/box", 1920, 1080),
        ("/host/box?kiosk=1&distance=4m", 1920, 1080),
        ("/host/box?kiosk=1", 960, 540),
    ],
)
def test_a_wall_is_live(
    service: Service, open_in: Callable[..., Page], path: str, width: int, height: int
) -> None:
    for ago in (90, 60, 30):
        tell(service, "box", 56.0, ago=ago)
    page = open_in(service.url + path, width, height)
    wait_for_link(page)
    number = '[data-tile="cpu"] .number data'
    for percent in (12.0, 34.0):
        tell(service, "box", percent)
        wait_for_text(page, number, f"{percent:g}")
    wait_for(lambda: Wall(page, service).ink("cpu", "blue"), "the line")
    assert_whole(page)
    assert size_of(page, number) > 2 * size_of(page, '[data-tile="cpu"] h2')


def test_an_overview_is_live(service: Service, open_in: Callable[..., Page]) -> None:
    page = open_in(f"{service.url}/?kiosk=1&distance=4m&host=web-*")
    wait_for_link(page)
    tell(service, "web-3", 34.0)
    number = '[data-host="web-3"] [data-value="cpu.percent"]'
    wait_for_text(page, number, "34")
    assert page.evaluate("document.querySelectorAll('.host').length") == len(MACHINES)
    assert_whole(page)
    assert size_of(page, number) > size_of(page, '[data-host="web-3"] .label')


def test_a_map_has_shades(service: Service, open_in: Callable[..., Page]) -> None:
    page = open_in(f"{service.url}/?metric=cpu.percent&host=web-*")
    cells = "document.querySelectorAll('.cell[data-heat]').length"
    wait_for(lambda: page.evaluate(cells) == len(MACHINES), "all cells")
    assert len(set(page.evaluate(SHADES))) > 5
    assert_whole(page)
    # Its tooltip goes with the map.
    assert page.evaluate(HEARD) == 1


@pytest.mark.parametrize("panel", ["cpu", "tile-cpu"])
def test_a_frame_is_live(service: Service, open_in: Callable[..., Page], panel: str) -> None:
    for ago in (90, 60, 30):
        tell(service, "box", 56.0, ago=ago)
    page = open_in(f"{service.url}/embed/{panel}?host=box", 320, 180)
    wait_for_link(page)
    if panel == "cpu":
        wait_for(lambda: Wall(page, service).ink("cpu", "blue"), "the line")
    for percent in (12.0, 34.0):
        tell(service, "box", percent)
        wait_for(partial(page.evaluate, HAS_FIGURE, f"{percent:g}"), "the figure")
    assert_whole(page)


def test_elements_of_another_page_are_live(
    service: Service, open_in: Callable[..., Page], elsewhere: Elsewhere
) -> None:
    body = f"""<script src="{service.url}/static/embed.js" async></script>
        <p><vitals-number value="cpu.percent" host="box"></vitals-number></p>
        <vitals-chart panel="cpu" host="box" style="width: 320px"></vitals-chart>"""
    page = open_in(elsewhere.origin + elsewhere.write(body))
    live = "document.querySelector('vitals-chart[data-link=live]')?.shadowRoot"
    wait_for(lambda: page.evaluate(f"!!{live}?.querySelector('canvas')"), "the chart")
    for percent in (12.0, 34.0):
        tell(service, "box", percent)
        wait_for_text(page, "data", f"{percent:g}", "vitals-number")
    box = page.evaluate(
        "({ ...document.querySelector('vitals-chart').getBoundingClientRect().toJSON() })"
    )
    assert (box["width"], box["height"]) == (320, 180)
    # Type follows the element and not the window.
    assert 9 <= size_of(page, ".sheet", "vitals-chart") <= 13


@pytest.mark.parametrize("path", ["/host/box", "/embed/cpu"])
def test_what_is_older_reads_so_without_a_script(
    service: Service, browser: Browser, path: str
) -> None:
    def as_one_of_2020(route: Route) -> None:
        answer = route.fetch()
        assert "(inset: 0)" in answer.text()
        route.fulfill(response=answer, body=answer.text().replace("(inset: 0)", "(unheard-of: 0)"))

    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(service.url + path)
    words = page.locator(".too-old")
    expect(words).to_be_hidden()
    page.route("**/css/base.css", as_one_of_2020)
    page.reload()
    expect(words).to_be_visible()
    expect(words).to_contain_text("It needs Chromium 87")
    context.close()


def test_a_page_says_that_its_script_failed(service: Service, browser: Browser) -> None:
    page = browser.new_page()
    page.route(
        "**/js/pages/wall.js",
        lambda route: route.fulfill(body="new Nothing();", content_type="text/javascript"),
    )
    page.goto(f"{service.url}/host/box")
    words = "this page's script failed: Uncaught ReferenceError: Nothing is not defined"
    expect(page.locator("[data-link-words]")).to_have_text(words)
    page.close()
