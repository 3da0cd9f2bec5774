"""The typeface that comes with the page: loaded, measured with, and drawn with once it is there."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route

from tests.page.elsewhere import Elsewhere
from tests.page.wall import Wall
from tests.support.service import Service

FACES = "() => [...document.fonts].map(({ family, weight, status }) => [family, weight, status])"
LOADED = [["Arimo", "400", "loaded"], ["Arimo", "700", "loaded"]]

# Width of ten digits and a sign as an element has them, in shares of the type size.
WIDTH = """(into) => {
    const text = document.querySelector(into).appendChild(document.createElement("span"));
    text.style.cssText = "position: absolute; white-space: nowrap; font-size: 1000px";
    text.textContent = "0123456789%";
    const { width } = text.getBoundingClientRect();
    text.remove();
    return width / 1000;
}"""
ARIMO = 10 * 0.556 + 0.889  # as in Liberation Sans and Arial; in DejaVu Sans it is 7.3

FONTS = "**/*.woff2"


@pytest.mark.parametrize(
    ("path", "into"), [("/", "body"), ("/embed/cpu", ".sheet"), ("/screens", "body")]
)
def test_text_is_set_in_the_page_s_own_typeface(
    service: Service, page: Page, path: str, into: str
) -> None:
    page.goto(service.url + path)
    page.wait_for_selector(into)
    page.wait_for_function("() => [...document.fonts].every(({ status }) => status === 'loaded')")
    assert page.evaluate(FACES) == LOADED
    assert page.evaluate("document.fonts.check('16px Arimo')")
    assert page.evaluate(WIDTH, into) == pytest.approx(ARIMO, abs=0.01)


@pytest.mark.parametrize("path", ["/", "/embed/cpu"])
def test_charts_are_drawn_anew_when_the_typeface_arrives(
    service: Service, page: Page, path: str
) -> None:
    held: list[Route] = []
    page.route(FONTS, lambda route: held.append(route))
    page.goto(service.url + path, wait_until="commit")
    page.wait_for_selector(".uplot canvas")
    assert page.evaluate("document.fonts.status") == "loading"
    page.evaluate("for (const plot of document.querySelectorAll('.uplot')) plot.dataset.early = ''")
    for route in held:
        route.continue_()
    page.wait_for_selector(".uplot:not([data-early]) canvas")
    page.wait_for_selector(".uplot[data-early]", state="detached")
    assert page.evaluate(FACES) == LOADED


def test_an_element_brings_no_typeface_into_another_page(
    make_service: Callable[..., Service], page: Page, elsewhere: Elsewhere
) -> None:
    service = make_service(ALLOWED_ORIGINS=elsewhere.origin).start().wait_until_ready()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    script = f'<script src="{service.url}/static/embed.js" async></script>'
    element = '<vitals-chart panel="cpu" style="width: 320px; height: 180px"></vitals-chart>'
    page.goto(elsewhere.origin + elsewhere.write(element + script))
    page.wait_for_selector("vitals-chart .uplot canvas")
    assert any("css/embed.css" in url for url in asked)
    assert not [url for url in asked if "woff2" in url or "typeface" in url]
    assert page.evaluate("document.fonts.size") == 0


def test_the_page_shows_its_figures_without_the_typeface(
    service: Service, page: Page, open_wall: Callable[..., Wall], page_errors: list[str]
) -> None:
    page.route(FONTS, lambda route: route.abort())
    wall = open_wall(service)
    wall.wait_for_link("live")
    wall.wait_for_ink("cpu", "blue")
    assert page.evaluate(WIDTH, "body") > 0
    page_errors[:] = [error for error in page_errors if "ERR_FAILED" not in error]
