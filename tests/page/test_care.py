"""What a display does for itself: stays awake, moves, darkens, renews itself, knows its clocks."""

import base64
import re
import shutil
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, TimeoutError

from tests.page.loads import Loads
from tests.page.past import sampling_held_up, write_past
from tests.page.wall import MODULE, Wall, assert_same_as_history
from tests.support.service import ROOT, Service, wait_for

pytestmark = pytest.mark.one_window

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]


def note(wall: Wall, topic: str) -> str:
    """A note's text, empty while there is none."""
    found = wall.page.locator(f'[data-note="{topic}"]')
    while found.count():
        try:
            return (found.text_content(timeout=1000) or "").replace("\N{NO-BREAK SPACE}", " ")
        except TimeoutError:
            pass  # it went in between, or its page did
    return ""


def on_grid(page: Page, expression: str) -> Any:
    """The value of an expression in which `grid` is the wall's PanelGrid."""
    return page.evaluate(f"async () => {{ const {{ grid }} = {MODULE}; return {expression}; }}")


def wait_for_note(wall: Wall, topic: str, wanted: str) -> str:
    return wait_for(
        lambda: (text := note(wall, topic)) and re.search(wanted, text) and text,
        f"the note {topic} to say {wanted}",
    )


def wait_until_gone(wall: Wall, topic: str) -> None:
    wait_for(lambda: not note(wall, topic), f"the note {topic} to go")


# Awake.

KEEP_LOCKS = """
    window.locks = [];
    const request = WakeLock.prototype.request;
    WakeLock.prototype.request = async function (type) {
        const lock = await request.call(this, type);
        window.locks.push(lock);
        return lock;
    };
"""
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    if (hidden) return window.locks.at(-1).release();  // as browsers do then
    document.dispatchEvent(new Event("visibilitychange"));
}"""
HELD = "() => window.locks.map(({ type, released }) => released ? 'released' : type)"


def test_the_display_is_kept_awake(service: Service, page: Page, open_wall: OpenWall) -> None:
    page.add_init_script(KEEP_LOCKS)
    page.context.grant_permissions(["screen-wake-lock"])  # as Chromium with a window does by itself
    wall = open_wall(service, "/?wake=1")
    wait_for(lambda: page.evaluate(HELD) == ["screen"], "a lock")
    page.evaluate(HIDE, True)
    wait_for(lambda: page.evaluate(HELD) == ["released"], "it to be taken away")
    page.evaluate(HIDE, False)
    wait_for(lambda: page.evaluate(HELD) == ["released", "screen"], "another lock")
    assert note(wall, "wake") == ""
    open_wall(service).wait_for_link("live")
    assert page.evaluate(HELD) == [], "only where it is wanted"


def test_a_refusal_to_stay_awake_is_said(service: Service, page: Page, open_wall: OpenWall) -> None:
    page.add_init_script(KEEP_LOCKS)
    session = page.context.new_cdp_session(page)
    context = session.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]

    def permit(setting: str) -> None:
        where = {"origin": service.url, "browserContextId": context}
        permission = {"permission": {"name": "screen-wake-lock"}, "setting": setting}
        session.send("Browser.setPermission", where | permission)

    permit("denied")
    wall = open_wall(service, "/?wake=1")
    wait_for_note(wall, "wake", "the browser refused to keep it awake")
    permit("granted")
    page.evaluate(HIDE, False)
    wait_until_gone(wall, "wake")
    assert page.evaluate(HELD) == ["screen"]


def test_without_https_a_display_may_fall_asleep(service: Service, open_wall: OpenWall) -> None:
    # The one address of this machine that browsers do not trust as they trust localhost.
    wall = open_wall(service, "/?wake=1", url=f"http://0.0.0.0:{service.port}")
    wait_for_note(wall, "wake", "may fall asleep: .*HTTPS")
    wall.wait_for_link("live")


# In motion.

KEEP_STEP = """
    const every = window.setInterval;
    window.setInterval = (act, pause, ...more) => {
        if (pause === 180_000) window.step = act;
        return every(act, pause, ...more);
    };
"""
PLACES = """() => {
    const box = (element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [x, y, width, height];
    };
    const parts = document.querySelectorAll(".bar, .tiles > *, .panels > *, .uplot canvas");
    const { scrollWidth, scrollHeight } = document.scrollingElement;
    const { transitionDuration, animationName } = getComputedStyle(document.body);
    return {
        body: box(document.body),
        parts: [...parts].map(box),
        overflow: [scrollWidth - innerWidth, scrollHeight - innerHeight],
        motion: [transitionDuration, animationName],
    };
}"""


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (390, 844)])
def test_everything_moves_by_a_few_pixels(
    service: Service, page: Page, open_wall: OpenWall, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.add_init_script(KEEP_STEP)
    wall = open_wall(service, "/?kiosk=1&panels=cpu,memory,load&tiles=cpu")
    wall.wait_for_link("live")
    wall.wait_for_ink("cpu", "blue")
    first = page.evaluate(PLACES)
    seen = set()
    for _ in range(8):
        page.evaluate("window.step()")
        now = page.evaluate(PLACES)
        dx, dy = (now["body"][i] - first["body"][i] for i in (0, 1))
        seen.add((dx, dy))
        assert max(abs(dx), abs(dy)) <= size[1] * 0.02
        for before, after in zip(first["parts"], now["parts"], strict=True):
            assert after == pytest.approx([before[0] + dx, before[1] + dy, *before[2:]], abs=0.01)
            assert after[0] > 0
            assert after[1] > 0
            assert after[0] + after[2] < size[0]
        assert now["overflow"][0] <= 0, "it can be scrolled to the side"
        assert now["overflow"][1] <= max(0, first["overflow"][1])
        assert now["motion"] == ["0s", "none"]
    assert len(seen) == 8
    assert (0, 0) in seen, "it does not come back"


def test_a_desk_stands_still(service: Service, page: Page, open_wall: OpenWall) -> None:
    page.add_init_script(KEEP_STEP)
    for address in ("/", "/?kiosk=1&shift=0"):
        open_wall(service, address).wait_for_link("live")
        assert page.evaluate("[window.step ?? null, document.body.style.transform]") == [None, ""]


# Dark.

# What the display's own clock shows beside the truth, and how far its monotonic clock has gone.
OTHER_CLOCKS = """
    const [now, monotonic] = [Date.now.bind(Date), performance.now.bind(performance)];
    window.astray = %s;
    window.later = 0;
    Date.now = () => now() + window.astray * 1000;
    const Real = Date;
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(Real.now()); }
    };
    performance.now = () => monotonic() + window.later * 1000;
"""
LIGHT = """async (png) => {
    const answer = await fetch("data:image/png;base64," + png);
    const image = await createImageBitmap(await answer.blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4) sum += data[at] + data[at + 1] + data[at + 2];
    return sum / (data.length / 4 * 3);
}"""


def around(moment: float) -> str:
    """Hours as the address has them: half an hour before a time of day to half an hour after."""
    return "-".join(time.strftime("%H:%M", time.localtime(moment + each)) for each in (-1800, 1800))


@pytest.fixture
def brightness(page: Page) -> Any:
    """Measure how bright the page is as it is seen, 0 to 255."""
    dark_room = page.context.new_page()
    page.bring_to_front()

    def measure() -> float:
        png = base64.b64encode(page.screenshot()).decode()
        return float(dark_room.evaluate(LIGHT, png))

    return measure


def test_dim_hours(
    service: Service, page: Page, open_wall: OpenWall, brightness: Callable[[], float]
) -> None:
    wall = open_wall(service, f"/?theme=light&dim={around(time.time())}")
    wall.wait_for_link("live")
    wall.wait_for('html[data-hours="dim"]')
    dim = brightness()
    under = page.evaluate("document.elementFromPoint(300, 300).localName")
    assert under != "html", "what can be seen can be pressed"
    page.keyboard.press("Shift")
    wall.wait_for("html:not([data-hours])")
    assert 0.2 < dim / brightness() < 0.3


KEEP_CLICKS = """
    window.clicks = [];
    addEventListener("click", ({ target }) => window.clicks.push(target.localName), true);
"""


def test_blank_hours_until_somebody_is_there(
    service: Service, page: Page, open_wall: OpenWall, brightness: Callable[[], float]
) -> None:
    page.add_init_script(OTHER_CLOCKS % 0)
    page.add_init_script(KEEP_CLICKS)
    wall = open_wall(service, f"/?blank={around(time.time())}")
    wall.wait_for_link("live")
    black = 'html[data-hours="blank"]'
    wall.wait_for(black)
    assert brightness() == 0

    def wait_a_minute() -> None:
        page.evaluate("window.later += 61")
        wall.wait_for(black)

    wall.wait_for("[data-tools] button")
    page.keyboard.press(" ")
    wall.wait_for("html:not([data-hours])")
    assert brightness() > 10
    assert on_grid(page, "grid.timeWindow.live"), "the key did more"
    page.keyboard.press(" ")
    assert not on_grid(page, "grid.timeWindow.live")
    wait_a_minute()

    button = page.locator("[data-tools] button").first.bounding_box()
    assert button is not None
    page.mouse.click(button["x"] + 5, button["y"] + 5)
    wall.wait_for("html:not([data-hours])")
    assert page.evaluate("clicks") == ["html"], "what was not seen was pressed"
    wait_a_minute()

    page.mouse.move(300, 300)
    wall.wait_for("html:not([data-hours])")


def test_hours_are_by_the_servers_clock(service: Service, page: Page, open_wall: OpenWall) -> None:
    half_a_day = 43_200
    page.add_init_script(OTHER_CLOCKS % half_a_day)
    here, there = around(time.time()), around(time.time() + half_a_day)
    wall = open_wall(service, f"/?dim={here}&blank={there}")
    wall.wait_for_link("live")
    wall.wait_for('html[data-hours="dim"]')


# Of a new build.


def another_version(folder: Path) -> Path:
    """The service's whole tree with one file changed; its gunicorn.conf.py."""
    for part in ("app.py", "gunicorn.conf.py", "dashboard", "templates", "static"):
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, target)
    with (folder / "static" / "css" / "wall.css").open("a") as file:
        file.write("\n/* changed */\n")
    return folder / "gunicorn.conf.py"


def held(page: Page) -> Any:
    return on_grid(page, "[grid.timeWindow.held, grid.timeWindow.zoomed]")


@pytest.mark.usefixtures("outages")
def test_a_new_build_is_loaded_once(
    start_service: Start, page: Page, open_wall: OpenWall, tmp_path: Path
) -> None:
    page.add_init_script("Math.random = () => 0.1")  # of ten seconds
    service = start_service().wait_until_ready()
    address = "/?panels=cpu:2x1,memory&columns=2&window=2m&theme=light"
    wall = open_wall(service, address)
    wall.wait_for_link("live")
    for _ in range(3):
        last = wall.wait_for_sample()
    on_grid(page, f"grid.zoom({last - 3}, {last})")
    loads, old = Loads(page), page.get_attribute("html", "data-build")
    service.stop()
    service.arguments = ["-c", str(another_version(tmp_path / "new"))]
    service.start()
    started = time.monotonic()
    loads.wait_for(1)
    wall.wait_for_link("live")
    assert time.monotonic() - started < 20
    assert page.get_attribute("html", "data-build") not in (old, None)
    # The zoom is in the address, too.
    assert re.sub(r"&at=[^&]+&zoom=\d+s", "", page.url) == service.url + address
    wait_for(lambda: held(page) == [{"from": last - 3, "to": last}, True], "the zoom")
    for _ in range(3):
        wall.wait_for_sample()
    on_grid(page, "grid.follow()")
    assert_same_as_history(wall)
    in_log = [event.data["time"] for event in service.logged("cpu", host="box")]
    assert set(in_log[:-1]) <= set(wall.rows("cpu").samples)
    assert note(wall, "build") == ""
    assert len(loads.urls) == 1


def served_by_an_old_server(route: Route) -> None:
    answer = route.fetch()
    text = re.sub(r'data-build="[^"]*"', 'data-build="0123456789ab"', answer.text())
    route.fulfill(response=answer, body=text)


IMPATIENT = "Math.random = () => 0;"


def test_a_page_that_comes_back_old_says_so(
    service: Service, page: Page, open_wall: OpenWall
) -> None:
    page.add_init_script(IMPATIENT)
    page.route(f"{service.url}/", served_by_an_old_server)
    loads = Loads(page)
    wall = open_wall(service)
    text = wait_for_note(wall, "build", "")
    assert re.match(
        r"this page is of version 0123456789ab, the server of \w{12}: it was loaded", text
    )
    wall.wait_for_link("live")
    wall.wait_for_sample()
    wall.wait_for_sample()
    assert loads.urls == [f"{service.url}/"] * 2


@pytest.mark.usefixtures("outages")
def test_a_page_is_not_left_for_a_server_that_does_not_answer(
    service: Service, page: Page, open_wall: OpenWall
) -> None:
    page.add_init_script(IMPATIENT)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.resource_type)
        if len(asked) == 1:
            served_by_an_old_server(route)
        elif len(asked) == 2:
            route.abort("connectionrefused")
        else:
            route.continue_()

    page.route(f"{service.url}/", answer)
    loads = Loads(page)
    wall = open_wall(service)
    wait_for(lambda: page.evaluate("1") and len(asked) > 1, "the page to ask for another")
    wall.wait_for_sample()
    assert page.get_attribute("html", "data-build") == "0123456789ab"
    loads.wait_for(2)
    assert page.get_attribute("html", "data-build") != "0123456789ab"
    assert asked == ["document", "fetch", "fetch", "document"]
    wall.wait_for_link("live")


@pytest.mark.usefixtures("outages")
@pytest.mark.parametrize("part", ["js/state/store.js", "css/wall.css", "js/kiosk/wake.js"])
def test_a_page_of_which_a_part_did_not_come(
    service: Service, page: Page, open_wall: OpenWall, part: str
) -> None:
    pages: list[str] = []
    refused: list[str] = []

    # A browser that looked ahead for what a page will need asks once more as it gets there: as long
    # as it is the first page, it gets nothing.
    def answer(route: Route) -> None:
        if len(pages) == 1:
            refused.append(route.request.url)
            route.abort("connectionreset")
        else:
            route.continue_()

    page.on("request", lambda r: pages.append(r.url) if r.is_navigation_request() else None)
    page.route(f"**/static/*/{part}", answer)
    loads = Loads(page)
    wall = open_wall(service, "/?wake=1")
    # The first one may be left before it has loaded.
    wait_for(lambda: loads.urls and len(pages) == 2, "the page to be loaded anew")
    wall.wait_for_link("live")
    assert refused
    assert len(pages) == 2
    assert page.evaluate("getComputedStyle(document.body).display") == "flex"


# Clocks.


def test_a_wrong_clock_of_the_display_is_said_and_bends_nothing(
    make_service: Start, page: Page, open_wall: OpenWall
) -> None:
    service = make_service()
    with sampling_held_up(service):  # so that no start that takes long is a hole in the charts
        service.start()
        write_past(service)
    service.wait_until_ready()
    page.add_init_script(OTHER_CLOCKS % (3 * 3600))
    wall = open_wall(service)
    wall.wait_for_link("live")
    assert page.evaluate("Date.now()") / 1000 > time.time() + 10_000

    def is_on_time() -> bool:
        view = on_grid(page, "[grid.view.from, grid.view.to, grid.view.now]")
        assert view[1] - view[0] == 300
        hours, minutes, seconds = map(int, wall.text("[data-clock]").split(":"))
        shown, now = hours * 3600 + minutes * 60 + seconds, time.localtime()
        wanted = now.tm_hour * 3600 + now.tm_min * 60 + now.tm_sec
        is_right = (wanted - shown + 2) % 86_400 < 4
        return is_right and abs(view[2] - time.time()) < 2 and abs(view[1] - time.time()) < 3

    def assert_unbent() -> None:
        wall.wait_for_sample()
        assert_same_as_history(wall)
        ink = wall.wait_for_ink("memory", "green")
        assert ink[0][0] < 0.03
        assert ink[-1][1] > 0.97
        assert all(right[0] - left[1] < 0.03 for left, right in pairwise(ink)), ink
        wait_for(is_on_time, "the view and the clock to be on time")
        assert wall.link == "live"
        assert wall.freshness('[data-panel="cpu"]') == "fresh"

    assert_unbent()
    wait_for_note(wall, "clock", r"^this display's clock is 3 h ahead of the server's$")
    page.evaluate("window.astray = -180")
    wait_for_note(wall, "clock", r"^this display's clock is 3 min behind the server's$")
    assert_unbent()
    page.evaluate("window.astray = 0")
    wait_until_gone(wall, "clock")
    assert note(wall, "server-clock") == "", "it was the display's that was set"
    assert_unbent()


def test_a_servers_clock_that_was_set_is_said(make_service: Start, open_wall: OpenWall) -> None:
    service = make_service()
    with sampling_held_up(service):
        service.start()
        wall = open_wall(service, "/?panels=cpu")
        wall.wait_for("[data-clock]:not(:text('--'))")

        def sample(offset: float) -> bool:
            service.append("cpu", host="box", percent=3.0, time=time.time() + offset)
            return bool(note(wall, "server-clock"))

        for _ in range(4):
            assert not sample(0)
            wall.page.evaluate("new Promise(requestAnimationFrame)")
        hour_ago = time.time() - 3600
        wait_for(lambda: sample(-3600), "the note")
        text = note(wall, "server-clock")
        moments = [time.strftime("%H:%M", time.localtime(hour_ago + late)) for late in (0, 10)]
        assert text in [f"the server's clock was set back by 1 h at {at}" for at in moments]
        assert wall.link == "live"


LEAPING = """
    const now = performance.now.bind(performance);
    window.leap = 0;
    performance.now = () => now() + window.leap;
"""


def test_a_leap_of_the_monotonic_clock_leaves_the_page_live(
    start_service: Start, page: Page, open_wall: OpenWall
) -> None:
    # Heartbeats, which tell the time, are far away.
    service = start_service(HEARTBEAT=3600, INTERVAL=0.5).wait_until_ready()
    page.add_init_script(LEAPING)
    wall = open_wall(service).wait_until_joined()
    page.evaluate("window.leap = 600_000")
    wait_for(
        lambda: (
            on_grid(page, "grid.clock.monotonic()") > 600_000
            and abs(on_grid(page, "grid.clock.now()") - time.time()) < 5
        ),
        "the clock to be right again",
    )
    wall.wait_for_link("live")
    wall.wait_for_sample()
    assert wall.rows("cpu").breaks == []
