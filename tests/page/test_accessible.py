"""What axe says of each page, in the states and themes in which people meet it."""

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.access.test_signed_links import SECRET, TOKEN
from tests.page.looks import RULES
from tests.page.past import read_machine, sampling_held_up, write_past
from tests.support.service import ROOT, Service

pytestmark = pytest.mark.one_window

AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
AUDIT = """async ([where, rules]) => {
    const only = rules ? { runOnly: rules.split(" ") } : {};
    const found = await axe.run(where ?? document, { iframes: false, ...only });
    return found.violations.flatMap(({ id, nodes }) => nodes.map((node) => {
        const [why] = [...node.any, ...node.all, ...node.none];
        return `${id}: ${node.target.join(" ")}: ${why?.message ?? ""}`;
    }));
}"""

PATHS = ["/host/old", "/host/box?distance=4m", "/embed/cpu?host=box"]
TURNS = ["/?turns=lobby,far&each=30s", "/?turns=far,lobby&each=30s&kiosk=1"]
SEVERAL = "progress,alerts,log,notice,cpu,memory,network,processes,cpu.percent@*,cores"


def log_shades(service: Service, group: str, *, ago: int) -> None:
    """Log a machine for each shade of a map."""
    service.clock_offset = -ago
    figures = read_machine("cpu", "memory", "network")
    for number in range(10):
        figures["cpu"] |= {"percent": 10.0 * number + 5}
        service.append_all((name, f"{group}-{number}", r) for name, r in figures.items())


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that knows machines and jobs which are well, in trouble, and gone."""
    # A long interval: what is fresh stays so.
    folder = tmp_path_factory.mktemp("service")
    pages = json.dumps({"lobby": f"/host/box?panels={SEVERAL}", "far": "/host/box?distance=4m"})
    service = Service(folder, INTERVAL=120, READ_TOKEN=TOKEN, SECRET_KEY=SECRET, PAGES=pages)
    old = read_machine()
    service.clock_offset = -3000
    service.append_all((name, "old", r | {"time": time.time() - 3000}) for name, r in old.items())
    log_shades(service, "late", ago=600)
    busy = {"percent": 97.0, "user": 90.0, "system": 7.0, "iowait": 1.0, "steal": 0.0}
    write_past(service, readings=read_machine() | {"cpu": read_machine("cpu")["cpu"] | busy})
    log_shades(service, "web", ago=0)
    service.append("rules", host="box", rules=RULES)
    for name, level in (("disk-full", "critical"), ("cpu-busy", "warning"), ("hint", "info")):
        about = {"alert": name, "level": level, "state": "raised", "message": f"{name} on box"}
        service.append("alert", host="box", rule=name, event="cpu", since=time.time() - 60, **about)
    # Those that have ended fade.
    service.clock_offset = -200
    for state, done in {"running": 40, "completed": 80, "failed": 20}.items():
        step = {"done": done, "total": 80}
        service.append(
            "progress", host="box", job=state, state=state, time=time.time() - 200, **step
        )
    service.clock_offset = 0.0
    for level in ("info", "warning", "error"):
        service.append("log", host="box", source="nginx", level=level, message=f"{level} line")
    service.append("notice", host="box", title="deploy", message="v1.2", level="warning")
    with sampling_held_up(service):
        yield service.start()
        service.close()


@pytest.fixture(scope="module")
def page(service: Service, browser: Browser) -> Iterator[Page]:
    """One tab for all, which has signed in."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.goto(f"{service.url}/sign-in")
    assert audit(page) == []
    page.fill("#token", TOKEN)
    page.click("button")
    page.wait_for_selector("html[data-link]")
    yield page
    context.close()


def audit(page: Page, where: str | None = None, rules: str | None = None) -> list[str]:
    """What axe finds in the page, or in a part of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(AUDIT, [where, rules])
    return found


def both_themes(page: Page, where: str | None = None) -> list[str]:
    """What axe finds as the page is, and of colours in the other theme."""
    found = audit(page, where)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    found += [f"light: {each}" for each in audit(page, where, "color-contrast")]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    return found


def test_the_wall_with_what_may_be_on_it(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/host/box?panels={SEVERAL}")
    page.wait_for_selector("[data-help]")
    for part in ("[data-job=failed][data-faded]", ".banner [data-alert]", "[data-panel=log] li"):
        page.wait_for_selector(part)
    assert both_themes(page) == []
    # Zoomed, with the keyboard's cursor in a chart; and its values as a table.
    chart = page.locator('[data-panel="cpu"] .plot')
    chart.scroll_into_view_if_needed()
    area = chart.locator(".u-over").bounding_box()
    assert area is not None
    start, middle, end = (area["x"] + share * area["width"] for share in (0.5, 0.6, 0.8))
    page.mouse.move(start, area["y"] + area["height"] / 3)
    page.mouse.down()
    page.mouse.move(middle, area["y"] + area["height"] / 3)
    page.mouse.move(end, area["y"] + area["height"] / 3)
    page.mouse.up()
    page.wait_for_selector("[data-note=held]:has-text('zoomed')")
    chart.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator('[data-panel="cpu"] .flag')).to_be_visible()
    assert both_themes(page) == []
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog.values[open]")
    assert both_themes(page, "dialog[open]") == []


def test_colours_that_say_something_stay_where_a_system_forces_its_own(
    service: Service, page: Page
) -> None:
    page.goto(f"{service.url}/host/box?panels=cpu,memory")
    page.wait_for_selector("[data-help]")
    page.emulate_media(forced_colors="active")
    try:
        colors = page.evaluate(
            "Array.from(document.querySelectorAll('[data-panel=cpu] .labels li'),"
            " (label) => getComputedStyle(label, '::before').borderTopColor)"
        )
        found = audit(page, "[data-panel=cpu]", "color-contrast")
    finally:
        page.emulate_media(forced_colors="none")
    assert len(set(colors)) >= 4, colors
    assert found == []


def test_the_dialogs_of_a_wall(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/host/box")
    page.wait_for_selector("[data-help]")
    for key in "?edgi":
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        assert both_themes(page, "dialog[open]") == [], key
        page.keyboard.press("Escape")
    page.locator('[data-embed-panel="cpu"]').click(force=True)
    page.wait_for_selector("dialog.embedding[open]")
    assert both_themes(page, "dialog[open]") == []


@pytest.mark.parametrize("path", [*PATHS, *TURNS])
def test_a_silent_machine_displays_and_a_frame(service: Service, page: Page, path: str) -> None:
    page.goto(service.url + path)
    page.wait_for_selector('[data-event="cpu"]:not([data-freshness=waiting])')
    assert both_themes(page) == []


@pytest.mark.parametrize("query", ["sort=group", "metric=worst"])
def test_the_overview(service: Service, page: Page, query: str) -> None:
    page.goto(f"{service.url}/?{query}")
    for part in (
        "[data-host=web-1]",
        "[data-level=critical]",
        "[data-freshness=gone]",
        "[data-freshness=stale]",
    ):
        page.wait_for_selector(f"main {part}")
    page.get_by_role("button", name="help").wait_for()
    assert both_themes(page) == []
    for key in ("?", "e") if query == "sort=group" else ():
        page.keyboard.press(key)
        page.wait_for_selector("dialog[open]")
        assert both_themes(page, "dialog[open]") == []
        page.keyboard.press("Escape")


def test_pages_of_lists_and_of_what_is_wrong(service: Service, page: Page) -> None:
    rights = {"Authorization": f"Bearer {TOKEN}"}
    link = {"label": "lobby", "path": "/", "events": ["cpu"]}
    report = {"build": "1", "link": "live", "width": 1, "height": 1, "url": "/", "every": 60}
    for path, body in (("/links", link), ("/screens/hall", report)):
        answer = service.request("POST", path, json=body, headers=rights)
        assert answer.is_success, answer.text
    for path in ("/machines", "/links", "/screens", "/sign-in", "/nonsense"):
        page.goto(service.url + path)
        if path in {"/links", "/screens"}:
            page.wait_for_selector("tbody tr")
        assert both_themes(page) == [], path


def test_no_connection(service: Service, page: Page) -> None:
    # A shared worker's requests cannot be held up here.
    page.add_init_script("delete window.SharedWorker")
    page.route("**/stream?*", lambda route: route.abort())
    page.goto(f"{service.url}/host/old")
    page.wait_for_selector("html[data-link=lost] [data-link-words]:has-text('no connection')")
    assert both_themes(page) == []
