"""Pages with names, displays that show several in turn, and what is asked of a display."""

import json
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.looks import metrics
from tests.page.past import read_machine, sampling_held_up
from tests.page.wall import Wall
from tests.support.browser_fixtures import ARGUMENTS
from tests.support.service import Service, wait_for

pytestmark = pytest.mark.one_window

TOKEN = "publish-me-if-you-can"
PAGES = {
    "lobby": "/?panels=cpu,memory&tiles=cpu&columns=2",
    "disks": "/host/nas?panels=disk&tiles=none",
    "far": "/?panels=load&distance=4m",
}
JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        PAGES=json.dumps(PAGES),
        PUBLISH_TOKEN=TOKEN,
        INTERVAL=0.5,
        ALLOWED_HOSTS="wall.example",
    )
    service.start().wait_until_ready()
    service.append("disk", host="nas", read_bytes_per_second=5.0, write_bytes_per_second=1.0)
    yield service
    service.close()


def alert(service: Service, state: str) -> None:
    service.append(
        "alert", host="nas", alert="disk-dead", rule="disk-dead", event="disk", level="critical",
        state=state, value=1.0, threshold=0.0, since=1.0, message="A disk is dead",
    )  # fmt: skip


def acknowledge(service: Service) -> None:
    now = time.time()
    service.append("silence", host="nas", time=now, until=now + 3600, alert="disk-dead", by="ann")


def test_a_name_leads_to_its_page(service: Service) -> None:
    answer = service.get("/p/lobby?kiosk=1&screen=hall")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{PAGES['lobby']}&kiosk=1&screen=hall"
    assert service.get("/p/disks").headers["Location"] == PAGES["disks"]
    missing = service.get("/p/hall")
    assert (missing.status_code, "there are lobby, disks, far" in missing.text) == (404, True)


def test_pages_take_turns_on_one_connection(service: Service, page: Page) -> None:
    wall = Wall(page, service).open("/?turns=lobby,disks,far,nope&each=1h&kiosk=1", noted=True)
    wall.wait_for(".notes:has-text('no page \"nope\"')")
    wall.wait_until_joined()
    wall.wait_for_ink("cpu", "blue")
    shown = "document.querySelectorAll('.panel:not([hidden] *)').length"
    assert page.evaluate(shown) == 2
    opened = wall.streams_opened
    histories = len(wall.history_requests)
    page.keyboard.press("ArrowRight")
    wall.wait_for('[data-panel="disk"] .uplot')
    expect(page.locator('[data-panel="disk"]')).to_be_visible()
    expect(page.locator('[data-panel="cpu"]')).to_be_hidden()
    assert wall.text("[data-machine]") == "nas"
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-panel="load"]')).to_be_visible()
    assert page.get_attribute("html", "data-distance") == "4m"
    page.keyboard.press("ArrowRight")
    expect(page.locator('[data-panel="cpu"]')).to_be_visible()
    assert page.get_attribute("html", "data-distance") is None
    # A page with a critical alert comes at once, and stays until that is acknowledged or over.
    for over in (lambda service: alert(service, "cleared"), acknowledge):
        alert(service, "raised")
        expect(page.locator('[data-panel="disk"]')).to_be_visible()
        expect(page.locator("[data-alerts]")).to_contain_text("A disk is dead")
        over(service)
        expect(page.locator("[data-alerts][data-severity]")).to_be_hidden()
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(2500)  # two looks at what is critical
        expect(page.locator('[data-panel="cpu"]')).to_be_visible()
    wall.wait_for_sample()
    assert wall.rows("cpu").breaks == []
    assert (wall.streams_opened, len(wall.history_requests)) == (opened, histories)


@pytest.mark.full
@pytest.mark.timeout(600)
def test_five_hundred_turns_leave_nothing_behind(
    make_service: Callable[..., Service], browser: Browser
) -> None:
    # Without new samples: what a page holds of them is in test_day.py; so is why without compilers.
    plain = browser.browser_type.launch(
        executable_path=shutil.which("chromium"),
        args=[*ARGUMENTS, "--js-flags=--no-opt --no-maglev --no-sparkplug"],
    )
    page = plain.new_page(viewport={"width": 1920, "height": 1080})
    service = make_service(PAGES=json.dumps(PAGES), INTERVAL=3600)
    with sampling_held_up(service):
        service.start()
        for host in ("box", "nas"):
            service.append_all((name, host, row) for name, row in read_machine().items())
        wall = Wall(page, service).open("/?turns=lobby,disks,far&each=1h&kiosk=1")
        wall.wait_until_joined()

        def turn(times: int) -> dict[str, float]:
            for _ in range(times):
                page.keyboard.press("ArrowRight")
                page.evaluate("new Promise(requestAnimationFrame)")
            return metrics(page)

        before, opened, after = turn(150), wall.streams_opened, turn(500)
        print(f"measured: {before}, 500 turns later {after}")
        for what, count in before.items():
            assert after[what] <= count * 1.05, what
        assert wall.streams_opened == opened
    plain.close()


def test_the_list_asks_a_display_for_its_name_and_sends_it_elsewhere(
    service: Service, browser: Browser, page: Page
) -> None:
    Wall(page, service).open("/?screen=lobby&panels=cpu&kiosk=1").wait_until_joined()
    wait_for(lambda: "lobby" in service.get("/screens", headers=JSON).text, "the report")
    context = browser.new_context()
    listing = context.new_page()
    listing.goto(f"{service.url}/screens")
    listing.get_by_role("button", name="Identify lobby").click()
    expect(page.locator(".identify")).to_have_text("lobby")
    listing.get_by_role("button", name="Send to… lobby").click()
    listing.fill("[name=place]", "far")
    listing.fill("[name=token]", "wrong")
    listing.get_by_role("button", name="Send", exact=True).click()
    expect(listing.locator(".answer")).to_contain_text("not asked")
    listing.get_by_role("button", name="Send to… lobby").click()
    listing.fill("[name=token]", TOKEN)
    listing.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/?panels=load&distance=4m&kiosk=1&screen=lobby")
    context.close()
    refused = service.request("POST", "/screens/lobby/show", json={"url": "/"})
    assert refused.status_code == 401
    key = {"Authorization": f"Bearer {TOKEN}"}
    for body in ({}, {"url": "//elsewhere.example"}, {"url": "/", "page": "far"}):
        answer = service.request("POST", "/screens/lobby/show", json=body, headers=key)
        assert answer.status_code == 400, answer.text
