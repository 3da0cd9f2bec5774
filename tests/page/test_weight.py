"""What the page weighs on the way to a display."""

from playwright.sync_api import Page

from tests.service import Service

MOST = 150_000  # bytes over the wire, with five minutes of history


def test_the_page_weighs_at_most_150_kilobytes(service: Service, page: Page) -> None:
    service.wait_until_ready()
    sizes: dict[str, float] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    urls: dict[str, str] = {}
    session.on(
        "Network.responseReceived", lambda e: urls.update({e["requestId"]: e["response"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({urls[e["requestId"]]: e["encodedDataLength"]}),
    )
    page.goto(service.url)
    page.wait_for_selector("html[data-link=live]")
    assert any(url.endswith("uPlot.esm.js") or "uPlot.esm.js?" in url for url in sizes)
    assert any("/history" in url for url in sizes)
    assert sum(sizes.values()) <= MOST, sorted(sizes.items(), key=lambda item: -item[1])[:5]


def test_a_file_is_asked_for_again_only_if_it_changed(service: Service) -> None:
    first = service.get("/static/css/wall.css", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    plain = service.get("/static/css/wall.css", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.text == first.text
    again = service.get("/static/css/wall.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
