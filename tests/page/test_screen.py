"""A display with a name: what it tells the server of itself, and that it comes when called."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.page.loads import Loads
from tests.page.relay import Relay
from tests.page.wall import MODULE, Wall
from tests.support.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

JSON = {"Accept": "application/json"}

# A minute is six seconds long.
HURRIED = """
    const later = window.setTimeout;
    window.setTimeout = (act, pause) => later(act, pause > 50_000 ? pause / 10 : pause);
"""


def lobby(service: Service) -> dict[str, Any] | None:
    screens = service.get("/screens", headers=JSON).json()["screens"]
    return next((screen for screen in screens if screen["name"] == "lobby"), None)


def reported(service: Service) -> dict[str, Any]:
    return wait_for(lambda: lobby(service), "the report")


def call(service: Service) -> None:
    answer = service.request("POST", "/screens/lobby/reload")
    assert answer.status_code == 202, answer.text


def test_a_display_reports_how_it_is(service: Service, page: Page, open_wall: OpenWall) -> None:
    page.add_init_script(HURRIED)
    service.wait_until_ready()
    wall = open_wall(service, "/?screen=lobby&panels=cpu,memory&columns=2")
    wall.wait_for_link("live")
    first = reported(service)
    assert first["build"] == page.get_attribute("html", "data-build")
    assert first["url"] == "/?screen=lobby&panels=cpu,memory&columns=2"
    assert (first["width"], first["height"], first["every"]) == (1920, 1080, 60)
    assert first["link"] == "live"
    assert 0 <= first["lag"] < 30, "in seconds"
    assert 100_000 < first["heap"] < 200_000_000
    wait_for(lambda: reported(service)["time"] > first["time"], "another report")


def test_a_display_without_a_name_is_not_spoken_of(
    start_service: Start, page: Page, open_wall: OpenWall
) -> None:
    service = start_service(SCREENS=0, INTERVAL=0.5)
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method))
    wall = open_wall(service, "/?screen=lobby")
    assert "its setting SCREENS is off" in wall.text('[data-note="screen"]')
    assert page.get_attribute("html", "data-screens") is None
    wall.wait_for_link("live")
    for _ in range(4):
        wall.wait_for_sample()
    assert set(methods) == {"GET"}


@pytest.mark.usefixtures("outages")
def test_a_display_comes_when_it_is_called_once(
    start_service: Start,
    page: Page,
    open_wall: OpenWall,
    make_relay: Callable[..., Relay],
) -> None:
    # Whoever comes back is sent the newest of each name again, also a call that was obeyed.
    service = start_service(REPLAY=0).wait_until_ready()
    relay = make_relay(service)
    wall = open_wall(service, "/?screen=lobby&panels=cpu", url=relay.url)
    reported(service)
    loads, address = Loads(page), page.url
    call(service)
    loads.wait_for(1)
    wait_for(lambda: page.evaluate(f"async () => ({MODULE}).grid.clock.now() > 0"), "the clock")
    page.evaluate(
        f"""async () => {{
            window.calls = 0;
            const {{ listener }} = ({MODULE}).grid.options;
            const {{ signal }} = listener;
            listener.signal = (name, data) => {{ window.calls += 1; signal(name, data); }};
        }}"""
    )
    relay.cut()
    wait_for(lambda: not page.evaluate(f"async () => ({MODULE}).stream.connected"), "the end")
    relay.mend()
    wait_for(lambda: page.evaluate("window.calls"), "the old call")
    again = page.evaluate("window.calls")
    relay.cut()
    relay.mend()
    wait_for(lambda: page.evaluate("window.calls") > again, "the old call once more")
    assert loads.urls == [address]
    # And one that comes while the display is away is not lost.
    relay.cut()
    call_when_it_may(service)
    relay.mend()
    loads.wait_for(2)
    assert loads.urls == [address] * 2
    assert wall.page.get_attribute("html", "data-build")


def test_a_display_of_another_machine_comes_as_well(
    service: Service, page: Page, open_wall: OpenWall
) -> None:
    open_wall(service, "/?screen=hall&panels=cpu&host=another")
    wait_for(lambda: "hall" in service.get("/screens", headers=JSON).text, "the report")
    loads = Loads(page)
    assert service.request("POST", "/screens/hall/reload").status_code == 202
    loads.wait_for(1)


def call_when_it_may(service: Service) -> None:
    """One call in five seconds is let through."""
    wait_for(
        lambda: service.request("POST", "/screens/lobby/reload").status_code == 202, "its turn"
    )
