"""What the page weighs on the way to a display."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, Response

from tests.page.past import sampling_held_up, write_past
from tests.page.relay import Relay
from tests.page.wall import Wall
from tests.support.service import Service

MOST = 150_000  # bytes over the wire, with five minutes of history


def test_the_page_weighs_at_most_150_kilobytes(
    make_service: Callable[..., Service],
    open_wall: Callable[..., Wall],
    make_relay: Callable[[Service], Relay],
    page: Page,
) -> None:
    service = make_service(INTERVAL=600)
    write_past(service)
    written = time.time()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    with sampling_held_up(service):  # a slow machine is not to count samples that come meanwhile
        # All that comes, headers and what the shared worker asks for included.
        relay = make_relay(service.start())
        wall = open_wall(service, url=relay.url).wait_until_joined()
        wall.wait_for("[data-tools] button")  # which comes last
    weight = relay.brought
    sizes = {answer.url: answer.request.sizes()["responseBodySize"] for answer in answers}
    print(f"\nmeasured: {weight} bytes, of which {sum(sizes.values())} the page's own files")
    assert any("/vendor/" in url and ".js" in url for url in sizes)
    assert any("/history" in url for url in sizes)
    # Five minutes, but for what they have gone on since.
    assert len(wall.rows("cpu").samples) > 295 - (time.time() - written)
    assert weight <= MOST, sorted(sizes.items(), key=lambda item: -item[1])[:8]


def test_a_file_is_asked_for_again_only_if_it_changed(service: Service) -> None:
    first = service.get("/static/css/wall.css", headers={"Accept-Encoding": "gzip"})
    assert first.headers["Content-Encoding"] == "gzip"
    plain = service.get("/static/css/wall.css", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert not {"server", "connection"} & plain.headers.keys(), "says nothing, a hundred times"
    assert plain.text == first.text
    again = service.get("/static/css/wall.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
