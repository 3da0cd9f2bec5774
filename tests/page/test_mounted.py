"""The whole service below a path, behind nginx, in a browser: no request leaves it, none fails."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Response

from tests.page.wall import Wall
from tests.support.service import Service
from tests.web.test_mounted import PREFIX, Stripping

TOKEN = "a-token-of-this-test"  # to read and to publish
PAGES = {"hall": "/?panels=cpu&tiles=cpu", "disks": "/?panels=disk&tiles=none"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        INTERVAL=0.5,
        READ_TOKEN=TOKEN,
        PUBLISH_TOKEN=TOKEN,
        PAGES=json.dumps(PAGES),
    )
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture(scope="module")
def proxy(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stripping]:
    proxy = Stripping(tmp_path_factory.mktemp("proxy") / "proxy", service.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def walker(page: Page) -> Iterator[Page]:
    """A page that believes the proxy's certificate, and fails for each request that goes astray."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(ignore_https_errors=True)
    astray: list[str] = []

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme != "data" and not parts.path.startswith(f"{PREFIX}/"):
            astray.append(request.url)

    def look(answer: Response) -> None:
        if answer.status >= 400:
            astray.append(f"{answer.status} {answer.url}")

    context.on("request", note)
    context.on("response", look)
    yield context.new_page()
    context.close()
    assert not astray


def test_a_walk_through_all_of_it_stays_below_the_path(
    service: Service, proxy: Stripping, walker: Page
) -> None:
    page, url = walker, proxy.url + PREFIX

    # Signing in leads to where one wanted to go, and the wall is live.
    page.goto(f"{url}/p/hall")
    page.fill("#token", TOKEN)
    page.click("form button")
    page.wait_for_url(f"{url}/?panels=cpu&tiles=cpu")
    wall = Wall(page, service).wait_until_joined()
    page.keyboard.press("i")
    page.wait_for_selector("dialog.meanings[open]")
    page.keyboard.press("Escape")

    # A link, its picture, and what it opens.
    page.click("[data-share]")
    page.wait_for_url("**/links?path=*")
    assert page.input_value("[name=path]") == "/?panels=cpu&tiles=cpu"
    page.fill("[name=path]", "/embed/cpu")
    page.click("[data-make]")
    page.wait_for_selector("[data-made] img[src^='data:image/svg']")
    link = page.input_value("[data-url]")
    assert link.startswith(f"{url}/embed/cpu?key=")
    page.goto(link)
    wall.wait_for_link("live")

    # The lists.
    page.goto(f"{url}/machines")
    page.fill("[name=token]", TOKEN)
    page.click("[data-make]")
    page.wait_for_selector("[data-made]:not([hidden])")
    assert f"vitals join {url} " in (page.text_content("[data-made]") or "") + " ".join(
        page.eval_on_selector_all("[data-made] input", "all => all.map((each) => each.value)")
    )
    page.click("nav a >> text=The wall")
    page.wait_for_url(f"{url}/*")
    wall.wait_until_joined()

    # Pages that take turns, on a display, which is sent elsewhere by the list of screens.
    page.goto(f"{url}/?turns=hall,disks&each=5&kiosk=1&screen=lobby")
    wall.wait_until_joined()
    page.wait_for_selector('[data-panel="disk"]')
    with page.context.new_page() as screens:
        screens.goto(f"{url}/screens")
        screens.click("[data-rows] button >> text=Send")
        screens.fill("[data-send] [name=place]", "/host/box?panels=load")
        screens.fill("[data-send] [name=token]", TOKEN)
        screens.click("[data-send] button[value=send]")
        page.wait_for_url(f"{url}/host/box?panels=load&kiosk=1&screen=lobby")
    wall.wait_until_joined()

    # Signing out ends it, and the sign-in page is below the path, too.
    page.goto(f"{url}/sign-in")
    with page.expect_navigation():
        page.click("text=Sign out of this browser")
    assert page.url == f"{url}/sign-in"
    page.goto(f"{url}/")
    assert page.url == f"{url}/sign-in?next={PREFIX}/"

    # What tabs share is asked for by a worker, which no page knows of: the proxy does.
    asked = [line for line in proxy.output.read_text().splitlines() if "request:" in line]
    assert not asked, "the proxy has no such place"
