"""One stream for all tabs of a browser: HTTP/1.1 browsers allow six connections to an origin."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage

from tests.page.wall import Wall, assert_same_as_history
from tests.support.service import Service, wait_for

OpenTab = Callable[..., Wall]

INTERVAL = 0.5
NO_WORKER = "delete window.SharedWorker;"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), INTERVAL=INTERVAL)
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own, as far as pages can tell; an error in any tab fails the test."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 640, "height": 360})

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    context.on("console", on_console)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context
    context.close()
    assert errors == []


@pytest.fixture
def open_tab(window: BrowserContext, service: Service) -> OpenTab:
    def open_tab(path: str = "/") -> Wall:
        return Wall(window.new_page(), service).open(path).wait_until_joined()

    return open_tab


def streams(service: Service) -> int:
    return int(service.total("vitals_streams"))


def established(service: Service) -> int:
    """The service's open connections, by the kernel."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{service.port:04X}") and row[3] == "01" for row in rows)


def assert_nothing_lost(wall: Wall, event: str = "cpu") -> None:
    wall.wait_for_sample(event)
    assert_same_as_history(wall, event)
    # A break is drawn only where the machine was too busy to sample, perhaps from the start.
    breaks = wall.rows(event).breaks
    times = [row.data["time"] for row in wall.service.logged(event, host="box")]
    for at in breaks:
        before = max(time for time in times if time < at)
        after = min(time for time in times if time > at)
        assert after - before > 3 * INTERVAL
    wall.wait_for_link("live")


def test_ten_tabs_are_live_on_one_connection(service: Service, open_tab: OpenTab) -> None:
    # Before HTTP/1.1's limit of six connections the seventh tab would wait for ever.
    walls = [open_tab() for _ in range(10)]
    for wall in walls:
        wall.wait_for_sample()
        wall.wait_for_link("live")
        assert wall.streams_opened == 1
    assert streams(service) == 1
    wait_for(lambda: established(service) == 1, "all other connections to end")
    assert_nothing_lost(walls[0])
    assert_nothing_lost(walls[-1])

    # The first one, which has opened it, is not the one that holds it.
    walls.pop(0).page.close()
    walls.append(open_tab())
    for wall in walls:
        wall.wait_for_sample()
    assert streams(service) == 1
    assert walls[-1].streams_opened == 1
    assert_nothing_lost(walls[0])
    assert_nothing_lost(walls[-1])
    for wall in walls:
        wall.page.close()
    wait_for(lambda: streams(service) == 0, "the last tab to leave")


def test_tabs_that_want_different_things_share_one_stream(
    service: Service, open_tab: OpenTab
) -> None:
    narrow = open_tab("/?panels=cpu&tiles=none")
    narrow.wait_for_sample()
    other = open_tab("/?panels=memory,processes&tiles=none")
    wide = open_tab()
    for wall in (narrow, other, wide):
        wall.wait_for_sample("memory" if wall is other else "cpu")
    assert streams(service) == 1
    # Once more for each tab that wanted more than all before it.
    assert wide.streams_opened == 3
    assert narrow.streams_opened == 3
    assert_nothing_lost(narrow)
    assert_nothing_lost(other, "memory")
    assert_nothing_lost(wide)


def test_without_shared_workers_each_tab_has_its_own(
    service: Service, window: BrowserContext, open_tab: OpenTab
) -> None:
    window.add_init_script(NO_WORKER)
    walls = [open_tab() for _ in range(2)]
    assert streams(service) == 2
    for wall in walls:
        assert_nothing_lost(wall)
