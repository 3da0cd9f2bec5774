"""Panels in other people's pages: as a frame, as web components, and as the bare stream."""

import base64
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Frame, Page, Route, expect

from dashboard.metrics import FAMILIES
from dashboard.metrics.rows import built_in_rows
from dashboard.web.embed import names
from tests.page.elsewhere import Elsewhere
from tests.page.looks import metrics
from tests.page.wall import MODULE
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

NAMES = names(built_in_rows(FAMILIES, 0.5))
TOKEN = "correct-horse-battery-staple"


def welcoming(elsewhere: Elsewhere, **settings: object) -> dict[str, Any]:
    """Settings of a service that pages of one other origin may embed."""
    origin = elsewhere.origin
    return {"INTERVAL": 0.5, "ALLOWED_ORIGINS": origin, "FRAME_ANCESTORS": origin} | settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, elsewhere: Elsewhere) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), **welcoming(elsewhere))
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture
def visit(page: Page, elsewhere: Elsewhere) -> Callable[..., Page]:
    """Write a page on the other server, and open it."""

    def visit(body: str, *, stranger: bool = False, **options: str) -> Page:
        origin = elsewhere.stranger if stranger else elsewhere.origin
        page.goto(origin + elsewhere.write(body, **options))
        return page

    return visit


def script(service: Service, attributes: str = "async") -> str:
    return f'<script src="{service.url}/static/embed.js" {attributes}></script>'


def frame(service: Service, path: str, *, width: int = 320, height: int = 180) -> str:
    style = "border: 0; color-scheme: light"
    address = f"{service.url}/embed/{path}"
    return f'<iframe src="{address}" width={width} height={height} style="{style}"></iframe>'


def inside(page: Page, path: str) -> Frame:
    """The frame that shows an address."""

    def look() -> Frame | None:
        page.evaluate("0")  # playwright tells of what has happened only while it is called
        return next((one for one in page.frames if one.url.endswith(f"/embed/{path}")), None)

    found = wait_for(look, f"the frame of {path}")
    found.wait_for_selector("html[data-link=live]", state="attached")
    return found


def wait_for_streams(service: Service, count: int) -> None:
    wait_for(lambda: service.total("vitals_streams") == count, f"{count} streams")


def plain(text: str | None) -> str:
    return (text or "").replace("\N{NO-BREAK SPACE}", " ").strip()


# --- /embed/PANEL --------------------------------------------------------------------------------


def test_the_servers_names_are_those_of_the_page(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/embed/cpu")
    module = "import(document.querySelector('script[type=module]').src)"
    known = page.evaluate(f"async () => (await {module}).grid.options.registry.known")
    tiles = [f"tile-{name}" for name in known["tiles"]]
    assert sorted([*known["panels"], *tiles]) == sorted(NAMES)


def test_what_is_embedded_is_named(service: Service, elsewhere: Elsewhere) -> None:
    unknown = service.get("/embed/nope")
    assert unknown.status_code == 404
    assert unknown.json()["key"] == "panel"
    assert all(name in unknown.json()["detail"] for name in NAMES)
    told = service.get("/embed", headers={"Origin": elsewhere.origin})
    assert told.headers["Access-Control-Allow-Origin"] == elsewhere.origin
    assert told.json()["host"] == "box"
    assert told.json()["interval"] == 0.5
    assert service.get("/embed?x=1").json()["key"] == "x"


def test_static_files_are_for_allowed_origins_only(service: Service, elsewhere: Elsewhere) -> None:
    path = "/static/js/embed/vitals-chart.js"
    ours = service.get(path, headers={"Origin": elsewhere.origin})
    assert ours.headers["Access-Control-Allow-Origin"] == elsewhere.origin
    other = service.get(path, headers={"Origin": elsewhere.stranger})
    assert "Access-Control-Allow-Origin" not in other.headers


# Text that is outside the frame, or cut off, and how much of the frame the panel fills.
LOOK = """() => {
    const lost = [];
    for (const element of document.querySelectorAll("h2, .age, li, .number, .detail, td, .link")) {
        const box = element.getBoundingClientRect();
        if (!box.width || element.closest("[data-cut]") || !element.textContent.trim()) continue;
        const below = box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
        if (box.left < 0 || box.top < 0 || below) lost.push(element.textContent);
    }
    const { width, height } = document.querySelector(":is(.panel, .tile)").getBoundingClientRect();
    const unit = parseFloat(getComputedStyle(document.querySelector(".sheet")).fontSize);
    const { scrollWidth, scrollHeight } = document.documentElement;
    return { lost, fills: (width * height) / (innerWidth * innerHeight), unit,
             over: scrollWidth > innerWidth || scrollHeight > innerHeight };
}"""

SHOWN = ("cpu", "network", "processes", "tile-memory")


def test_a_panel_fills_a_frame_of_any_size_and_all_share_a_stream(
    service: Service, visit: Callable[..., Page]
) -> None:
    wait_for_streams(service, 0)
    small = "".join(frame(service, f"{name}?theme=auto") for name in SHOWN)
    large = "".join(frame(service, name, width=640, height=360) for name in SHOWN)
    page = visit(small + large)
    for suffix, unit in (("?theme=auto", 11), ("", 14.5)):
        for name in SHOWN:
            its = inside(page, name + suffix)
            fresh = (
                f'[data-{"tile" if name.startswith("tile") else "panel"}][data-freshness="fresh"]'
            )
            its.wait_for_selector(fresh)
            seen = its.evaluate(LOOK)
            assert seen["lost"] == [], name
            assert not seen["over"]
            assert seen["fills"] > 0.99
            assert seen["unit"] == pytest.approx(unit, abs=0.2)
            assert its.get_attribute("html", "data-build")
    wait_for_streams(service, 1)
    cpu = inside(page, "cpu?theme=auto")
    assert float(cpu.get_attribute('[data-value="cpu.percent"]', "value") or "nothing") >= 0

    # It follows its frame.
    wider = "() => document.querySelector('.uplot canvas').getBoundingClientRect().width > 500"
    assert not cpu.evaluate(wider)
    page.eval_on_selector("iframe", "(one) => { one.width = 640; one.height = 360; }")
    cpu.wait_for_function(wider)
    cpu.wait_for_function(f"() => ({LOOK})().unit > 14")
    page.goto("about:blank")
    wait_for_streams(service, 0)


PIXEL = """async ([picture, x, y]) => {
    const answer = await fetch(`data:image/png;base64,${picture}`);
    const image = await createImageBitmap(await answer.blob());
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return [...context.getImageData(x, y, 1, 1).data].slice(0, 3);
}"""


def pixel(page: Page, x: int, y: int) -> list[int]:
    picture = base64.b64encode(page.screenshot()).decode()
    found: list[int] = page.evaluate(PIXEL, [picture, x, y])
    return found


def test_transparent_on_demand(service: Service, visit: Callable[..., Page]) -> None:
    style = "<style>body { margin: 0; background: #0a5; } iframe { display: block; }</style>"
    paths = ("memory?background=transparent", "memory?background=transparent&theme=light", "memory")
    page = visit("".join(frame(service, path) for path in paths), head=style)
    for path in paths:
        inside(page, path).wait_for_selector(".uplot")
    # Just inside the corner, where nothing is drawn.
    assert pixel(page, 4, 4) == [0, 0xAA, 0x55]
    assert pixel(page, 4, 184) == [0, 0xAA, 0x55]
    assert pixel(page, 4, 364) == [0x14, 0x1B, 0x23]
    # A whole wall, too: between its panels, and not behind them.
    wall = f'<iframe src="{service.url}/?background=transparent" width="960" height="540"></iframe>'
    page = visit(wall, head=style)
    page.frames[1].wait_for_selector(".uplot")
    assert pixel(page, 4, 300) == [0, 0xAA, 0x55]
    assert pixel(page, 480, 20) == [0x14, 0x1B, 0x23]


def test_a_frame_takes_the_walls_query_and_names_what_is_wrong(
    service: Service, visit: Callable[..., Page]
) -> None:
    paths = ("cpu?window=15m&theme=light&host=box&kiosk=1", "cpu?window=5x&columns=2&foo=1")
    page = visit("".join(frame(service, path, width=640, height=360) for path in paths))
    right = inside(page, paths[0])
    module = MODULE
    assert right.evaluate(f"async () => ({module}).grid.timeWindow.window") == 900
    assert right.get_attribute("html", "data-theme") == "light"
    assert right.locator(".notes p").count() == 0
    notes = plain(inside(page, paths[1]).text_content(".notes"))
    for wanted in ('window="5x"', '"foo" is not known', "columns: only for a whole wall"):
        assert wanted in notes


def test_a_frame_of_a_strangers_page_is_not_shown(
    service: Service, visit: Callable[..., Page], page_errors: list[str]
) -> None:
    page = visit(frame(service, "cpu"), stranger=True)
    wait_for(lambda: page.evaluate("0") or page_errors, "the browser's refusal")
    assert "frame-ancestors" in page_errors[0]
    page_errors.clear()


@pytest.mark.parametrize("sandbox", ["", "allow-scripts", "allow-same-origin"])
def test_a_sandboxed_frame_says_what_it_needs(
    service: Service, visit: Callable[..., Page], page_errors: list[str], sandbox: str
) -> None:
    markup = frame(service, "cpu").replace("<iframe", f'<iframe sandbox="{sandbox}"')
    page = visit(markup)
    needed = page.frame_locator("iframe").locator("p.sheet")
    expect(needed).to_contain_text('sandbox="allow-scripts allow-same-origin"')
    page_errors.clear()  # the console names what a sandbox keeps out


def test_a_frame_is_loaded_anew_for_a_new_build(service: Service, page: Page) -> None:
    build = service.json("/embed")["build"]
    loads = []

    def answer(route: Route) -> None:
        response = route.fetch()
        text = response.text()
        if route.request.is_navigation_request():
            loads.append(route.request.url)
            # Not in the paths of its files, which the server has for its own build alone.
            if len(loads) == 1:
                text = text.replace(f'data-build="{build}"', 'data-build="before"')
        route.fulfill(response=response, body=text)

    page.route("**/embed/memory*", answer)
    page.goto(f"{service.url}/embed/memory?window=15m")
    page.wait_for_selector("html[data-link=live][data-build=before]")
    page.wait_for_selector(f"html[data-link=live][data-build='{build}']")
    assert loads == [f"{service.url}/embed/memory?window=15m"] * 2
    assert page.evaluate("history.state.loads[0].build") == build


# --- the stream, the components and the frames of examples/ --------------------------------------


def test_the_examples_work_from_another_origin(
    service: Service, elsewhere: Elsewhere, page: Page
) -> None:
    query = f"?server={service.url}"
    page.goto(f"{elsewhere.origin}/embed-stream.html{query}")
    page.wait_for_function("Number(document.getElementById('events').textContent) >= 4")
    assert page.text_content("#state") == "live from box"
    assert plain(page.text_content("#cpu")).endswith("%")

    page.goto(f"{elsewhere.origin}/embed-components.html{query}")
    for panel in ("cpu", "memory", "network", "tile-filesystem"):
        page.wait_for_selector(f'vitals-chart[panel="{panel}"][data-link="live"]')
    page.wait_for_selector('vitals-number[data-freshness="fresh"]')
    wait_for_streams(service, 1)

    page.goto(f"{elsewhere.origin}/embed-iframe.html{query}")
    for path in ("cpu?window=5m&theme=auto", "network", "tile-memory?background=transparent"):
        inside(page, path)


# --- web components ------------------------------------------------------------------------------

CHART = '<vitals-chart panel="{}" style="width: 400px" {}></vitals-chart>'
NUMBER = '<vitals-number value="{}"></vitals-number>'


def components(service: Service) -> str:
    charts = "".join(CHART.format(name, "") for name in ("cpu", "network", "tile-cpu"))
    return charts + NUMBER.format("cpu.percent") + NUMBER.format("load.load1")


def test_components_share_a_stream_and_leave_nothing_behind(
    service: Service, visit: Callable[..., Page]
) -> None:
    page = visit(f"<main>{components(service)}</main>{script(service)}")
    wait_for_components(page, 3, 2)
    wait_for_streams(service, 1)
    number = page.locator("vitals-number").first
    shown = number.evaluate("(one) => [one.number, one.dataset.number].map(Number)")
    assert shown[0] == shown[1]
    assert (
        0 <= float(number.locator("[data-value='cpu.percent']").get_attribute("value") or -1) <= 100
    )
    assert number.locator(".unit").text_content() == "%"
    assert page.locator('vitals-chart [data-panel="cpu"] [data-value="cpu.percent"]').count() == 1

    def once_more() -> dict[str, float]:
        page.evaluate("document.querySelector('main').replaceChildren()")
        wait_for_streams(service, 0)
        left = metrics(page)
        page.evaluate(
            "(html) => document.querySelector('main').setHTMLUnsafe(html)", components(service)
        )
        wait_for_components(page, 3, 2)
        return left

    for _ in range(2):
        first = once_more()
    for _ in range(5):
        last = once_more()
    assert last["Nodes"] <= first["Nodes"] + 80
    assert last["JSEventListeners"] <= first["JSEventListeners"] + 8
    assert last["JSHeapUsedSize"] <= first["JSHeapUsedSize"] + 1_000_000


def wait_for_components(page: Page, charts: int, numbers: int) -> None:
    page.wait_for_function(
        """([charts, numbers]) =>
            document.querySelectorAll("vitals-chart[data-link=live]").length === charts &&
            document.querySelectorAll("vitals-number[data-freshness=fresh]").length === numbers""",
        arg=[charts, numbers],
    )


def test_attributes_change_live(service: Service, visit: Callable[..., Page]) -> None:
    body = CHART.format("cpu", f'src="{service.url}" theme="dark"') + NUMBER.format("cpu.percent")
    page = visit(body + script(service, 'type="module"'))  # as a module it works, too
    wait_for_components(page, 1, 1)

    def put(name: str, value: str, of: str = "vitals-chart") -> None:
        page.evaluate(
            "([of, name, value]) => document.querySelector(of).setAttribute(name, value)",
            [of, name, value],
        )

    assert page.locator("vitals-chart main").count() == 0, "the page around has its own"
    assert page.evaluate(STYLE, ".sheet")["backgroundColor"] == "rgb(20, 27, 35)"
    plot = page.wait_for_selector("vitals-chart .panel")
    put("theme", "light")
    assert page.evaluate(STYLE, ".sheet")["backgroundColor"] == "rgb(255, 255, 255)"
    assert plot is not None
    assert plot.is_visible(), "another theme needs no other panel"
    put("panel", "memory")
    page.wait_for_selector('vitals-chart [data-panel="memory"][data-freshness="fresh"]')
    assert page.locator('vitals-chart [data-panel="cpu"]').count() == 0
    with page.expect_request("**/history?since=900*"):
        put("window", "15m")
    put("window", "1")
    page.wait_for_selector("vitals-chart .notes:has-text('window=\"1\": wanted is a time')")
    put("panel", "nope")
    page.wait_for_selector(
        "vitals-chart .message:has-text('there is no panel \"nope\"; there are cpu')"
    )
    put("panel", "tile-memory")
    page.wait_for_selector('vitals-chart [data-tile="memory"][data-freshness="fresh"]')
    assert page.locator("vitals-chart .message").count() == 0
    service.append("cpu", host="web-2", percent=12.5)
    put("host", "web-2", "vitals-number")
    page.wait_for_selector('vitals-number[data-number="12.5"]')
    put("value", "memory.available", "vitals-number")
    put("host", "box", "vitals-number")
    page.wait_for_selector("vitals-number .unit:has-text('iB')")
    put("value", "nonsense", "vitals-number")
    page.wait_for_selector("vitals-number .message:has-text('value=\"nonsense\" is no name')")
    assert page.evaluate("document.querySelector('vitals-number').number") is None


HOSTILE = """<style>
    * { font-size: 40px !important; color: red !important; letter-spacing: 1em !important;
        text-transform: uppercase !important; line-height: 3 !important;
        background: yellow !important; box-sizing: content-box !important; display: block;
        direction: rtl; }
    canvas, table, ul, p, h2 { display: none !important; }
</style>"""

STYLE = """(selector) => {
    const { shadowRoot } = document.querySelector("vitals-chart");
    const style = getComputedStyle(shadowRoot.querySelector(selector));
    const names = ["fontSize", "color", "letterSpacing", "textTransform", "lineHeight", "direction",
                   "backgroundColor", "display"];
    return Object.fromEntries(names.map((name) => [name, style[name]]));
}"""


def test_a_hostile_page_does_not_spoil_it(service: Service, visit: Callable[..., Page]) -> None:
    seen = []
    for head in ("", HOSTILE):
        page = visit(CHART.format("cpu", 'theme="dark"') + script(service), head=head)
        wait_for_components(page, 1, 0)
        page.wait_for_selector("vitals-chart .uplot canvas")
        seen.append(
            [
                page.evaluate(STYLE, part)
                for part in (".sheet", "h2", ".labels li", ".body", "canvas")
            ]
        )
    assert seen[0] == seen[1]
    assert seen[0][0]["color"] == "rgb(237, 242, 247)"


PAGE_STYLE = """() => [...document.querySelectorAll("html, body, h2, p, table, td, ul, li, .panel")]
    .map((element) => JSON.stringify([...getComputedStyle(element)].map((name) =>
        getComputedStyle(element).getPropertyValue(name))))"""


def test_it_leaves_the_page_as_it_is(service: Service, visit: Callable[..., Page]) -> None:
    page = visit(
        "<div style='height: 400px'>"
        + CHART.format("cpu", "hidden")
        + "</div><h2>Title</h2><p class='link panel'>words</p>"
        "<ul><li>item</li></ul><table><tr><td>cell</td></tr></table>"
    )
    before, names = page.evaluate(PAGE_STYLE), page.evaluate("Object.keys(window).sort()")
    page.add_script_tag(url=f"{service.url}/static/embed.js")
    page.wait_for_selector("vitals-chart[data-link=live]", state="attached")
    assert page.evaluate(PAGE_STYLE) == before
    assert page.evaluate("Object.keys(window).sort()") == names
    assert page.evaluate("[document.styleSheets.length, document.adoptedStyleSheets.length]") == [
        0,
        0,
    ]


def test_custom_properties_style_it(service: Service, visit: Callable[..., Page]) -> None:
    style = """<style>
        vitals-chart { --vitals-page: #201040; --vitals-ink: #fefefe; --vitals-blue: tomato;
            --vitals-unit: 20px; --vitals-radius: 9px; height: 400px; }
        vitals-number { --vitals-ink: #123456; }
    </style>"""
    page = visit(
        CHART.format("cpu", "") + NUMBER.format("cpu.percent") + script(service), head=style
    )
    wait_for_components(page, 1, 1)
    sheet = page.evaluate(STYLE, ".sheet")
    assert sheet["backgroundColor"] == "rgb(32, 16, 64)"
    assert (sheet["color"], sheet["fontSize"]) == ("rgb(254, 254, 254)", "20px")
    assert page.evaluate(STYLE, ".ink-blue")["color"] == "rgb(255, 99, 71)"
    number = page.locator("vitals-number .number")
    assert number.evaluate("(one) => getComputedStyle(one).color") == "rgb(18, 52, 86)"
    # Colours by name reach the canvas, and its areas.
    page.wait_for_function(
        """() => {
            const { shadowRoot } = document.querySelector("vitals-chart");
            const canvas = shadowRoot.querySelector(".uplot canvas");
            const context = canvas.getContext("2d");
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            let line = false, area = false;
            for (let i = 0; i < data.length; i += 4) {
                const far = [255, 99, 71].map((level, part) => Math.abs(data[i + part] - level));
                if (Math.max(...far) > 25) continue;
                line ||= data[i + 3] > 240;
                area ||= data[i + 3] > 40 && data[i + 3] < 120;
            }
            return line && area;
        }"""
    )


def forgive(page: Page, page_errors: list[str]) -> None:
    """What Chromium says of a server that refuses, again and again, is no error of the page."""
    page.goto("about:blank")
    page_errors.clear()


def message(page: Page, selector: str = "vitals-chart") -> str:
    return plain(page.locator(selector).first.locator(".message").text_content())


def test_a_refused_origin_is_named(
    service: Service, visit: Callable[..., Page], elsewhere: Elsewhere, page_errors: list[str]
) -> None:
    page = visit(components(service) + script(service), stranger=True)
    words = f"{elsewhere.stranger} is not in ALLOWED_ORIGINS of {service.url}; trying again"
    for selector in ("vitals-chart", "vitals-number"):
        page.wait_for_selector(f"{selector} .message")
        assert message(page, selector) == words
    forgive(page, page_errors)


def test_a_policy_that_blocks_it_is_named(
    service: Service, visit: Callable[..., Page], page_errors: list[str]
) -> None:
    head = script(service)
    let_in = "; ".join(f"{what}-src {service.url}" for what in ("script", "style", "connect"))
    policy = {"Content_Security_Policy": f"default-src 'none'; img-src data:; {let_in}"}
    page = visit(
        "<vitals-chart panel=cpu></vitals-chart>" + NUMBER.format("cpu.percent"),
        head=head,
        **policy,
    )
    wait_for_components(page, 1, 1)
    policy = {
        "Content_Security_Policy": f"default-src 'none'; img-src data:; script-src {service.url}"
    }
    visit("<vitals-chart panel=cpu></vitals-chart>", head=head, **policy)
    page.wait_for_selector("vitals-chart .message")
    wanted = f"this page's Content-Security-Policy (connect-src) does not let in {service.url}"
    assert message(page).startswith(wanted)
    forgive(page, page_errors)


@pytest.mark.usefixtures("outages")
def test_a_server_that_is_away_is_named_and_found_again(
    service: Service,
    make_service: Callable[..., Service],
    visit: Callable[..., Page],
    elsewhere: Elsewhere,
) -> None:
    other = make_service(**welcoming(elsewhere))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        other.port = probe.getsockname()[1]
    body = (
        CHART.format("cpu", f'src="{other.url}"')
        + NUMBER.format("load.load1")
        + NUMBER.format("cpu.percent")
    )
    page = visit(
        body.replace("vitals-number", f'vitals-number src="{other.url}"', 1) + script(service)
    )
    page.wait_for_selector("vitals-chart .message")
    assert message(page) == f"{other.url} cannot be reached; trying again"
    assert page.get_attribute("vitals-chart", "data-link") is None
    page.wait_for_selector('vitals-number:nth-of-type(2)[data-freshness="fresh"]')
    other.start()
    wait_for_components(page, 1, 2)
    assert page.locator(".message").count() == 0

    page.evaluate(
        "(html) => document.body.insertAdjacentHTML('beforeend', html)", frame(other, "cpu")
    )
    inner = inside(page, "cpu")
    other.stop()
    page.wait_for_selector('vitals-chart[data-link="lost"]')
    page.wait_for_selector("vitals-chart .link:has-text('no connection for')")
    inner.wait_for_selector('html[data-link="lost"]')
    assert "trying again" in plain(inner.text_content(".link"))
    page.wait_for_selector('vitals-number[data-freshness="gone"] [data-value]:has-text("—")')
    assert page.get_attribute("vitals-number", "data-number") is None
    other.start()
    wait_for_components(page, 1, 2)
    inner.wait_for_selector('html[data-link="live"]', state="attached")
    assert inner.locator(".link").is_hidden()


def test_with_a_token(
    start_service: Callable[..., Service],
    visit: Callable[..., Page],
    elsewhere: Elsewhere,
    page_errors: list[str],
) -> None:
    guarded = start_service(**welcoming(elsewhere))
    page = visit(frame(guarded, "cpu?theme=light") + components(guarded) + script(guarded))
    inner = inside(page, "cpu?theme=light")
    wait_for_components(page, 3, 2)
    guarded.stop()
    guarded.settings["READ_TOKEN"] = TOKEN
    guarded.start()
    for selector in ("vitals-chart", "vitals-number"):
        page.wait_for_selector(f"{selector} .message:has-text('wants its read token')")
    assert guarded.get("/embed").status_code == 401

    # The frame led to the sign-in by itself, and from there to where it was.
    inner.fill("#token", TOKEN)
    inner.click("button")
    inner.wait_for_selector("html[data-link=live]")
    assert inner.url.endswith("/embed/cpu?theme=light")

    # In pages of the server's own origin the cookie is enough for elements, too.
    page.goto(f"{guarded.url}/embed/load?window=15m")
    page.add_script_tag(url=f"{guarded.url}/static/embed.js")
    page.evaluate(
        "(html) => document.body.insertAdjacentHTML('beforeend', html)",
        NUMBER.format("cpu.percent"),
    )
    page.wait_for_selector('vitals-number[data-freshness="fresh"]', state="attached")
    forgive(page, page_errors)


def test_a_frame_that_wants_a_token_keeps_its_query(
    start_service: Callable[..., Service],
) -> None:
    guarded = start_service(READ_TOKEN=TOKEN)
    answer = guarded.get("/embed/cpu?window=15m&theme=light")
    assert answer.status_code == 303
    assert unquote(answer.headers["Location"]) == "/sign-in?next=/embed/cpu?window=15m&theme=light"
