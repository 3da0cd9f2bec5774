"""The overview of many machines: what it says of each, and that it does no more than it has to."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.page.loads import Loads
from tests.page.looks import COVERED, NOT_WHOLE, OVERFLOW, metrics
from tests.page.past import sampling_held_up
from tests.page.wall import MODULE, Wall
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

HOSTS = [
    *(f"web-{number}" for number in range(1, 7)),
    "db-1",
    "db-2",
    "cache-1",
    "cache-2",
    "old",
    "box",
]
MARKUP = "<img src=x onerror=alert(1)>"
MANY = 1000

# How tall digits and letters are painted, as shares of the window's height: those of the figures,
# and the smallest of all that is written in tiles.
HEIGHTS = """() => {
    const height = (element) => {
        const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
        const context = document.createElement("canvas").getContext("2d");
        context.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
        const { actualBoundingBoxAscent, actualBoundingBoxDescent } = context.measureText("8");
        return (actualBoundingBoxAscent + actualBoundingBoxDescent) / innerHeight;
    };
    const seen = (element) => element.checkVisibility() && element.textContent.trim();
    const figures = [...document.querySelectorAll(".shares data")].filter(seen).map(height);
    const written = ".host :is(h2, .mark, .label, .words, .age, data)";
    const words = [...document.querySelectorAll(written)].filter(seen).map(height);
    return [Math.min(...figures), Math.min(...words), figures.length];
}"""

NAMES = "(all) => all.map((one) => one.dataset.host)"

# The machines whose part of the page was written to, until now.
WATCH = """() => {
    window.written = new Set();
    window.drawings = 0;
    const note = (records) => {
        for (const { target } of records) {
            const element = target instanceof Element ? target : target.parentElement;
            const cell = element?.closest("[data-host]");
            if (cell && cell !== document.documentElement) window.written.add(cell.dataset.host);
            if (element?.matches("[data-list]")) window.written.add("order");
        }
    };
    new MutationObserver(note).observe(document.body, {
        subtree: true, childList: true, attributes: true, characterData: true,
    });
}"""

# How many events the page was given, and how often it asked where something is: right after it has
# written, the browser then has to lay everything out at once.
COUNT_WORK = """
window.dispatched = window.measurements = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, handle) {
    listen.call(this, name, (event) => {
        window.dispatched += 1;
        handle(event);
    });
};
const { getBoundingClientRect } = Element.prototype;
Element.prototype.getBoundingClientRect = function () {
    window.measurements += 1;
    return getBoundingClientRect.call(this);
};
const MEASURES = { offset: HTMLElement.prototype, client: Element.prototype };
for (const [kind, prototype] of Object.entries(MEASURES)) {
    for (const side of ["Width", "Height", "Left", "Top"]) {
        const { get } = Object.getOwnPropertyDescriptor(prototype, kind + side);
        Object.defineProperty(prototype, kind + side, {
            get() {
                window.measurements += 1;
                return get.call(this);
            },
        });
    }
}
"""

# Of the list beside a map: how many of its lines can be seen.
SEEN = """() => {
    const list = document.querySelector("[data-aside] ol").getBoundingClientRect();
    const inside = (row) => {
        const { left, bottom, height } = row.getBoundingClientRect();
        return height > 0 && left < list.right && bottom <= list.bottom + 1;
    };
    return [...document.querySelectorAll("[data-worst]")].filter(inside).length;
}"""


def tell(service: Service, host: str, percent: float, **families: dict[str, Any]) -> None:
    """Log figures of a machine: its CPU, and what else is given."""
    events = {"cpu": {"percent": percent, "user": percent, "cores": [percent] * 8}} | families
    service.append_all((name, host, fields) for name, fields in events.items())


def alert(service: Service, host: str, name: str, level: str, state: str = "raised") -> None:
    about = {"rule": name, "event": "cpu", "value": 1, "threshold": 1, "since": time.time() - 60}
    said = {"alert": name, "level": level, "state": state, "message": f"{name} {MARKUP}"}
    service.append("alert", host=host, **said, **about)


def of(host: str, inside: str = "") -> str:
    return f'main [data-host="{host}"] {inside}'.strip()


def value(page: Page, host: str, name: str) -> str | None:
    return page.locator(of(host, f'[data-value="{name}"]')).get_attribute("value")


def order(page: Page) -> list[str]:
    return [str(name) for name in page.eval_on_selector_all("main [data-host]", NAMES)]


def wait_for_order(page: Page, wanted: list[str]) -> None:
    wait_for(lambda: order(page) == wanted, f"the machines in the order {wanted}")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows twelve machines, one of which has long been silent."""
    # A long interval: nothing else falls silent while the tests run.
    service = Service(tmp_path_factory.mktemp("fleet"), INTERVAL=120)
    service.clock_offset = -3000
    tell(service, "old", 50.0)
    service.clock_offset = 0.0
    rates = {"received_bytes_per_second": 888e6, "sent_bytes_per_second": 88.8e3}
    for place, host in enumerate(HOSTS):
        if host == "old":
            continue
        mounts = [{"mountpoint": "/", "percent": 20.0}, {"mountpoint": "/srv", "percent": 30.5}]
        tell(
            service,
            host,
            5.0 + place,
            memory={"percent": 40.0},
            network=rates,
            filesystem={"mounts": mounts},
            system={"tags": [MARKUP if host == "db-2" else host.partition("-")[0], "prod"]},
        )
    # The newest event of a host tells only of its last alert.
    alert(service, "db-1", "grave", "critical")
    alert(service, "db-1", "light", "info")
    alert(service, "web-3", "busy", "warning")
    service.append("notice", host="only-publishes", message="deployed")
    with sampling_held_up(service):
        yield service.start()
        service.close()


@pytest.fixture
def open_fleet(open_wall: OpenWall, fleet: Service) -> Callable[[str], Page]:
    """Open the overview, and wait until its machines are there."""

    def open_fleet(path: str = "/") -> Page:
        wall = open_wall(fleet, path)
        wall.wait_for_link("live")
        wall.wait_for("main [data-host][data-level=critical]")
        return wall.page

    return open_fleet


def test_a_tile_says_how_a_machine_is(
    fleet: Service, open_fleet: Callable[[str], Page], page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_fleet("/")
    # What comes by the stream and what is asked for arrive in any order, so each is waited for.
    wait_for(lambda: len(order(page)) >= len(HOSTS), "the machines")
    assert sorted(order(page)) == sorted(HOSTS), "those with figures, and no others"
    assert page.get_attribute("main", "data-shown") == "tiles"
    figures = {
        "cpu.percent": "5",
        "memory.percent": "40",
        "filesystem.percent": "30.5",
        "network.received_bytes_per_second": "888000000",
    }
    for name, figure in figures.items():
        shown = page.locator(of("web-1", f'[data-value="{name}"]'))
        expect(shown).to_have_attribute("value", figure)
    expect(page.locator(of("web-1"))).to_have_attribute("data-freshness", "fresh")
    expect(page.locator(of("web-1", ".age"))).not_to_be_empty()
    # Level by colour, mark and word; the graver of two alerts, though the other one is newer.
    expect(page.locator(of("db-1"))).to_have_attribute("data-level", "critical")
    expect(page.locator(of("db-1", ".mark"))).to_have_text("◆ critical")
    expect(page.locator(of("web-3"))).to_have_attribute("data-level", "warning")
    assert page.get_attribute(of("web-1"), "data-level") is None
    # Whatever others call things is text.
    expect(page.locator(of("db-2", ".words"))).to_have_text(MARKUP)
    expect(page.locator(of("db-1", ".words"))).to_have_text(f"grave {MARKUP}")
    assert page.locator("main img").count() == 0
    # No more than is drawn is asked for: of the past, CPU alone.
    stream = next(url for url in asked if "/stream?" in url)
    assert "every=2" in stream
    assert "fields=cpu.percent%2Cmemory.percent%2Cfilesystem.mounts" in stream
    assert all("columns=cpu.percent&" in f"{url}&" for url in asked if "/history?" in url)
    assert not any("uPlot" in url for url in asked)

    tell(fleet, "web-1", 33.0)
    wait_for(lambda: value(page, "web-1", "cpu.percent") == "33", "the new figure")
    alert(fleet, "db-1", "grave", "critical", "cleared")
    wait_for(lambda: page.get_attribute(of("db-1"), "data-level") == "info", "the other alert")
    alert(fleet, "db-1", "grave", "critical")


def test_a_silent_machine_stays_greyed_and_says_since_when(
    open_fleet: Callable[[str], Page],
) -> None:
    page = open_fleet("/")
    assert page.get_attribute(of("old"), "data-freshness") == "gone"
    assert page.locator(of("old", ".mark")).text_content() == "✕ silent"
    assert (page.locator(of("old", ".age")).text_content() or "").startswith("since ")
    assert value(page, "old", "cpu.percent") == ""
    assert page.locator(of("old", '[data-value="cpu.percent"]')).text_content() == "—"
    assert page.locator("[data-states]").inner_text().split("\n")[1] == "1 silent"


def test_the_address_sorts_and_filters(open_fleet: Callable[[str], Page], page: Page) -> None:
    open_fleet("/")
    wait_for(lambda: order(page)[:2] == ["db-1", "web-3"], "the worst to be the first")
    assert order(page)[-1] == "old", "it has been silent for long"
    open_fleet("/?sort=name")
    wait_for_order(page, ["box", "cache-1", "cache-2", "db-1", "db-2", "old", *HOSTS[:6]])
    open_fleet("/?sort=group")
    wait_for_order(page, ["db-2", "box", "cache-1", "cache-2", "db-1", *HOSTS[:6], "old"])
    names = page.locator("main .group")
    assert names.all_text_contents() == [MARKUP, "box", "cache", "db", "web", "no group"]
    assert page.evaluate(NOT_WHOLE, True) == []
    page.goto(page.url.partition("?")[0] + "?host=web-*,old&colour=red")
    page.wait_for_selector(of("web-3") + "[data-level=warning]")
    wait_for(lambda: sorted(order(page)) == ["old", *HOSTS[:6]], "these machines alone")
    assert page.locator("[data-filter]").text_content() == "web-*, old"
    assert page.locator("[data-note^=address]").count() == 1
    page.get_by_role("link", name="light").click()
    page.wait_for_url("**/?host=web-*,old&theme=light")
    assert page.get_attribute("html", "data-theme") == "light"
    page.get_by_role("button", name="full screen").click()
    page.wait_for_function("() => document.fullscreenElement !== null")


REPLACE = f"""async (name) => {{
    const {{ overview }} = {MODULE};
    const {{ machines, clock }} = overview;
    machines.all.delete("old");
    const time = clock.now();
    machines.accept("cpu", {{ host: name, time, percent: 1 }}, time);
}}"""


def test_a_machine_in_the_place_of_another_has_the_room_of_a_tile(
    open_fleet: Callable[[str], Page],
) -> None:
    name = "a-machine-with-a-name-that-is-longer-than-any-tile-is-wide-" * 3
    page = open_fleet("/")
    page.wait_for_selector(of("old"))
    page.evaluate(REPLACE, name)
    page.wait_for_selector(of(name))
    wait_for(lambda: "…" in (page.locator(of(name, "h2")).text_content() or ""), "a short name")
    assert page.locator(of(name, "h2")).get_attribute("title") == name


def test_the_overview_has_help_and_an_editor_of_its_address(
    open_fleet: Callable[[str], Page],
) -> None:
    page = open_fleet("/?units=F&distance=2m")
    # From afar the tools are hidden, and the keys work.
    expect(page.get_by_role("button", name="help", include_hidden=True)).to_be_attached()
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_contain_text("dark or light")
    expect(page.locator("dialog.help")).not_to_contain_text("stop the charts")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    editor = page.locator("dialog.editor")
    editor.get_by_label("Machines").fill("a b")
    expect(editor.locator("#editor-host-problem")).to_contain_text("separated by commas")
    editor.get_by_label("Machines").fill("db-*")
    editor.get_by_label("Order").select_option("group")
    editor.get_by_label("Read from").select_option("")
    editor.get_by_label("Name of this screen").fill("hall")
    editor.frame_locator("iframe").locator("[data-host=db-1]").wait_for()
    assert "hall" not in str(editor.locator("iframe").get_attribute("src")), "a preview reports not"
    editor.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/?sort=group&host=db-*&screen=hall&units=F")
    page.wait_for_selector(of("db-2"))
    page.get_by_role("button", name="edit").click()
    assert page.locator("dialog.editor").get_by_label("Order").input_value() == "group"


def test_a_machine_is_a_link_to_its_wall_and_back(open_fleet: Callable[[str], Page]) -> None:
    page = open_fleet("/?theme=light&sort=name")
    page.locator(of("web-2", "a")).click()
    page.wait_for_url("**/host/web-2?theme=light")
    page.wait_for_selector('[data-tile="cpu"][data-freshness="fresh"]')
    assert page.locator('[data-tile="cpu"] data').get_attribute("value") == "6"
    assert page.locator("[data-machine]").text_content() == "web-2"
    assert page.get_attribute("html", "data-theme") == "light"
    page.get_by_role("link", name="All machines").click()
    page.wait_for_url("**/?theme=light")
    page.wait_for_selector(of("web-2"))
    # In a kiosk there is nothing to click on.
    page = open_fleet("/?kiosk=1")
    assert page.locator("a[href]:visible, button:visible").count() == 0


def test_which_page_it_is(fleet: Service) -> None:
    for path in ("/", "/?theme=light", "/?host=web-*", "/?host=web-1,web-2", "/?distance=4m"):
        assert "data-machines=" in fleet.get(path).text, path
    for path in ("/?panels=cpu", "/?host=web-1", "/?tiles=none", "/host/web-1", "/host/unheard-of"):
        assert "data-panels>" in fleet.get(path).text, path
    # What the server says of itself comes from itself, whoever is shown.
    assert 'data-server="box"' in fleet.get("/host/web-1").text
    wrong = fleet.get("/host/a%20b")
    assert (wrong.status_code, wrong.json()["key"]) == (400, "host")
    assert "letters, digits" in wrong.json()["detail"]


@pytest.mark.usefixtures("outages")
def test_a_display_of_one_machine_takes_up_others_when_it_is_loaded_anew(
    make_service: Start, open_wall: OpenWall, page: Page
) -> None:
    service = make_service(INTERVAL=0.1, RETRY=200).start().wait_until_ready()
    assert 'class="back"' not in service.get("/").text
    wall = open_wall(service).wait_until_joined()
    loads = Loads(page)
    tell(service, "web-1", 3.0)
    for _ in range(3):
        wall.wait_for_sample()
    assert loads.urls == []
    page.reload()
    wall.wait_for(of("web-1"))
    wall.wait_for_link("live")
    # A machine that comes later is there without a load, and each only once.
    loads = Loads(page)
    tell(service, "web-2", 97.0)
    wall.wait_for(of("web-2"))
    assert order(page).count("web-2") == 1
    assert loads.urls == []

    # What comes again after a restart is old, and does not look new.
    wall.wait_for(of("web-1") + "[data-freshness=gone]")
    service.stop()
    wall.wait_for_link("lost")
    assert page.get_attribute(of("box"), "data-freshness") in ("stale", "gone")
    service.start()
    wall.wait_for_link("live")
    wall.wait_for(of("box") + "[data-freshness=fresh]")
    assert page.get_attribute(of("web-1"), "data-freshness") == "gone"
    assert value(page, "web-1", "cpu.percent") == ""
    # The page of a machine that nobody has heard of says so, until there is something.
    page.goto(f"{service.url}/host/web-3")
    note = page.locator('[data-note="unheard"]')
    expect(note).to_have_text("nothing is known of web-3 yet")
    tell(service, "web-3", 9.0)
    expect(note).to_have_count(0)
    # And the overview is cared for like any display.
    page.goto(f"{service.url}/?screen=hall")
    found = wait_for(
        lambda: service.get("/screens", headers={"Accept": "application/json"}).json()["screens"],
        "its report",
    )
    assert (found[0]["name"], found[0]["link"]) == ("hall", "live")
    loads = Loads(page)
    assert service.request("POST", "/screens/hall/reload").status_code == 202
    loads.wait_for(1)


@pytest.fixture
def open_sized(window: BrowserContext, fleet: Service) -> Callable[[int, int, str], Page]:
    """Open the overview in a window of this size."""

    def open_sized(width: int, height: int, path: str) -> Page:
        page = window.new_page()
        page.set_viewport_size({"width": width, "height": height})
        wall = Wall(page, fleet).open(path)
        wall.wait_for("main [data-host][data-level=critical]")
        return wall.page

    return open_sized


@pytest.mark.parametrize(
    ("distance", "size", "figures", "words"),
    [
        # An eye tells apart a five-hundredth of its distance. On a screen of a metre by 56 cm that
        # is 8 mm from four metres, 1.4 % of its height; figures have more than twice as much.
        *(("4m", size, 0.033, 0.014) for size in [(1920, 1080), (1366, 768), (3840, 2160)]),
        ("2m", (1920, 1080), 0.033, 0.007),
        ("8m", (1920, 1080), 0.033, 0.028),
    ],
)
def test_a_dozen_machines_can_be_read_from_afar(
    open_sized: Callable[[int, int, str], Page],
    distance: str,
    size: tuple[int, int],
    figures: float,
    words: float,
) -> None:
    page = open_sized(*size, f"/?distance={distance}")
    assert page.get_attribute("main", "data-shown") == "tiles"
    assert page.evaluate(OVERFLOW) == [0, 0]
    assert page.evaluate(NOT_WHOLE, True) == []
    digits, smallest, count = page.evaluate(HEIGHTS)
    assert count == 3 * len(HOSTS)
    assert digits >= figures
    assert smallest >= words


ONE_LINE = """() => {
    const bar = document.querySelector(".bar");
    const seen = [...bar.children].filter((each) => each.checkVisibility() && each.offsetWidth > 2);
    const tops = seen.map((each) => each.getBoundingClientRect());
    return bar.scrollWidth <= bar.clientWidth
        && tops.every(({ top, bottom }) => top < tops[0].bottom && bottom > tops[0].top);
}"""
SIZES = [(390, 844), (768, 1024), (800, 480), (1080, 1920), (1920, 1080), (2560, 1080)]


@pytest.mark.parametrize(
    "display",
    ["", pytest.param("sort=group&distance=4m", marks=pytest.mark.full), "distance=8m&kiosk=1"],
)
def test_machines_fit_every_screen(
    open_sized: Callable[[int, int, str], Page], display: str
) -> None:
    page = open_sized(*SIZES[-1], f"/?{display}")

    def troubles(width: int) -> list[object]:
        across, down = page.evaluate(OVERFLOW)
        # A page for somebody's hands may scroll on a phone.
        is_bounded = bool(display) or width >= 700
        found: list[object] = ["overflow"] if across or (is_bounded and down) else []
        if display and not page.evaluate(ONE_LINE):
            found.append("the header has several lines")
        whole = page.evaluate(NOT_WHOLE, True) if is_bounded else []
        return [*found, *page.evaluate(COVERED), *whole]

    def fit(width: int) -> bool:
        return not troubles(width)

    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        # Tiles follow the window once it has another size.
        try:
            wait_for(partial(fit, width), "machines that fit", timeout=10)
        except AssertionError:
            assert troubles(width) == [], (width, height)


def test_few_machines_have_lines_of_their_cpu_and_totals(
    fleet: Service, open_fleet: Callable[[str], Page]
) -> None:
    page = open_fleet("/")
    totals = page.locator("[data-totals]")
    expect(totals).to_contain_text(f"{len(HOSTS) - 1} up · CPU ")
    expect(totals).to_contain_text("▾ 9.8 GB/s")
    line = page.locator(of("web-1", ".sparkline"))
    expect(line).to_be_visible()
    painted = "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
    tell(fleet, "web-1", 90.0)
    wait_for(
        lambda: page.locator(of("web-1", ".sparkline")).evaluate(
            f"(canvas) => ({painted})(canvas).data.some((value) => value > 0)"
        ),
        "a line",
    )


def test_one_figure_of_several_machines_in_one_chart(
    fleet: Service, open_wall: OpenWall, page: Page
) -> None:
    # The address that this had before leads to a panel of the wall.
    wall = open_wall(fleet, "/compare?metric=cpu.percent&host=db-1,web-*&window=10m", noted=True)
    assert page.url == f"{fleet.url}/?panels=cpu.percent@db-1~@web-*&tiles=none&window=10m"
    wall.wait_for_link("live")
    label = '.figures [data-host="{}"]'
    wall.wait_for(label.format("web-1"))
    shown = page.eval_on_selector_all(".figures [data-host]", NAMES)
    assert shown == ["db-1", *HOSTS[:6]], "what is named comes first"
    colors = page.eval_on_selector_all(
        ".figures li", "(all) => all.map((one) => getComputedStyle(one).color + one.className)"
    )
    assert len(set(colors)) == len(shown), "each line has a look of its own"
    assert page.evaluate(NOT_WHOLE, True) == []
    (history,) = (each for each in wall.history_requests if "fields=" in each)
    assert "cpu.percent" in history
    assert "host=db-1%2Cweb-*" in history
    tell(fleet, "web-5", 55.5)
    number = page.locator(label.format("web-5")).locator("data")
    wait_for(lambda: number.get_attribute("value") == "55.5", "the new figure")
    # No more lines than can be told apart from there, and the panel says so.
    page.goto(f"{fleet.url}/compare?host=db-1,web-*&distance=2m")
    wall.wait_for(".figures .more:has-text('6 of 7')")
    assert page.eval_on_selector_all(".figures [data-host]", NAMES) == shown[:6]
    page.goto(f"{fleet.url}/compare?metric=cpu&host=a%20b")
    assert page.locator("[data-note]").count() == 1


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows a thousand machines, some of them silent."""
    service = Service(tmp_path_factory.mktemp("crowd"), INTERVAL=120)
    service.clock_offset = -3000
    log_all(service, range(MANY - 20, MANY), 10.0)
    service.clock_offset = 0.0
    log_all(service, range(MANY - 20), 20.0)
    tell(service, "m-7", 96.0)
    busy = {"figure": "cpu.percent", "sign": ">=", "limit": 90, "level": "warning"}
    service.append("rules", host="m-7", rules=[{"name": "busy", **busy}])
    with sampling_held_up(service):
        yield service.start()
        service.close()


def log_all(service: Service, numbers: range, percent: float) -> None:
    service.append_all(
        (name, f"m-{number}", {"percent": percent + number % 50})
        for number in numbers
        for name in ("cpu", "memory")
    )


def test_a_thousand_machines_are_a_map(crowd: Service, open_wall: OpenWall, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wall = open_wall(crowd)
    wall.wait_for_link("live")
    wait_for(lambda: page.locator("main li[data-host]").count() == MANY, "all machines")
    assert page.get_attribute("main", "data-shown") == "map"
    assert page.evaluate(OVERFLOW) == [0, 0]
    last = page.locator(of("m-999")).bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 1080
    (stream,) = (url for url in asked if "/stream?" in url)
    assert "every=5" in stream
    assert "network" not in stream, "a map does not show it"
    # Silence is a shape, and what is too high has a mark.
    assert page.locator(of("m-990", ".sign")).text_content() == "✕"
    assert page.get_attribute(of("m-990"), "data-freshness") == "gone"
    assert page.locator(of("m-7", ".sign")).text_content() == "▲"
    # The worst are named beside it, and every machine to who points at it, focuses it or hears it.
    assert page.locator('[data-worst="m-7"]').inner_text().split() == ["m-7", "▲", "CPU", "96", "%"]
    page.hover(of("m-12"))
    tip = page.get_by_role("tooltip")
    expect(tip).to_contain_text("m-12")
    page.mouse.move(1900, 1070)
    expect(tip).to_be_hidden()
    page.locator(of("m-13", "a")).focus()
    expect(tip).to_contain_text("m-13")
    assert page.get_by_role("link", name="m-13 33", exact=True).count() == 1
    # Ordered by name, so that everyone keeps his place.
    assert order(page)[:3] == ["m-0", "m-1", "m-2"]


def test_only_what_has_changed_is_written(crowd: Service, open_wall: OpenWall, page: Page) -> None:
    page.add_init_script(COUNT_WORK)
    wall = open_wall(crowd, "/?kiosk=1")
    wall.wait_for_link("live")
    wait_for(lambda: page.locator("main li[data-host]").count() == MANY, "all machines")
    # Two thousand events have come, and a hello.
    assert page.evaluate("window.dispatched") < 20
    page.evaluate(WATCH)
    changed = [f"m-{number}" for number in range(100, 110)]
    percent = 60.0

    def tick() -> None:
        nonlocal percent
        percent += 1
        crowd.append_all(("cpu", host, {"percent": percent}) for host in changed)
        last = changed[-1]
        wait_for(lambda: value(page, last, "cpu.percent") == f"{percent:g}", "the tick")

    tick()
    assert set(page.evaluate("[...window.written]")) == set(changed)
    measured = page.evaluate("window.measurements")
    assert measured > 0
    before = metrics(page)
    tick()
    after = metrics(page)
    assert page.evaluate("window.measurements") == measured
    assert after["Nodes"] <= before["Nodes"] + 50
    assert after["JSEventListeners"] <= before["JSEventListeners"]
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] * 1.1


def test_how_many_more_are_badly_off(crowd: Service, open_wall: OpenWall, page: Page) -> None:
    open_wall(crowd, "/?metric=cpu.percent").wait_for_link("live")
    more = page.locator("[data-aside] .more")
    counts = []
    for height in (1080, 500):
        page.set_viewport_size({"width": 1920, "height": height})
        # The silent ones have no figure.
        wait_for(
            lambda: more.text_content() == f"and {MANY - 20 - page.evaluate(SEEN)} more",
            "the others to be counted",
        )
        counts.append(page.evaluate(SEEN))
    assert counts[0] > counts[1] > 0


def test_a_map_may_show_one_figure(crowd: Service, open_wall: OpenWall, page: Page) -> None:
    wall = open_wall(crowd, "/?metric=memory.percent&host=m-1*")
    wall.wait_for_link("live")
    wait_for(lambda: page.locator("main li[data-host]").count() == 111, "those asked for")
    assert value(page, "m-101", "memory.percent") == "21"
    assert page.locator("[data-aside] h2").text_content() == "Most: Memory"
    assert page.locator("[data-worst]").first.inner_text().split()[1:] == ["69", "%"]
