"""Pages at many sizes, distances and states: nothing scrolls, is cut, covered, broken or pale.

CI looks at pages in which each two values meet (`sweep.pairs`), each at one size in turn. With
--full it is the whole product, in one or two hours; `VITALS_SWEEP=0.1` takes a tenth of its pages
by chance, `VITALS_SEED=…` the same ones again.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.page import sweep
from tests.page.past import sampling_held_up
from tests.support.service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose machines stay fresh for as long as the sweep takes."""
    service = Service(tmp_path_factory.mktemp("service"), INTERVAL=3600)
    with sampling_held_up(service):
        yield service.start()
        service.close()


Sizes = list[tuple[int, int]]
TABLES = "units,gpu,devices,sensors,notice"

# What was wrong at some time in a way that no other look of these has.
FOUND = [
    # Names under the signs of cells; a long alert among the worst.
    (sweep.Opened("overview", "4m", 2, "short", 100), [(1280, 720), (800, 480)]),
    # What does not fit was said below the edge of the screen.
    (sweep.Opened("wall", "8m", 0, "long", 3), [(320, 480)]),
    # A header wider than the screen; an alert larger than its frame.
    (sweep.Opened("host", "8m", 1, "right-to-left", 12), [(320, 480)]),
    (sweep.Opened("embed", "8m", 1, "short", 12), [(320, 480)]),
    # Rows of alerts cut by their panel.
    (sweep.Opened("wall", "2m", 2, "short", 1), [(960, 540), (800, 480)]),
    # A panel's head wider than its frame, and figures of its table that were cut.
    (sweep.Opened("embed", "8m", 0, "short", 3), [(320, 480)]),
    # Cells and tiles that read alike; words in them on each other; a sign below its list.
    (sweep.Opened("overview", "4m", 2, "long", 100), [(1920, 1080), (320, 480)]),
    (sweep.Opened("overview", "4m", 2, "long", 12), [(800, 480), (390, 844)]),
    (sweep.Opened("overview", "8m", 2, "short", 100), [(768, 1024), (320, 480)]),
    # Names beside lines that left them no room.
    (sweep.Opened("wall", "", 6, "long", 1), [(600, 1024), (320, 480)]),
    # Names beside lines on each other.
    (sweep.Opened("wall", "2m", 2, "long", 12), [(390, 844)]),
    # A name broken within a word; the button of an alert alone in its line.
    (sweep.Opened("wall", "", 2, "long", 3), [(390, 844), (1080, 1920)]),
    # A word about trouble that left its machine's name no room.
    (sweep.Opened("overview", "8m", 2, "CJK", 12), [(768, 1024)]),
    # Figures cut by columns as wide as others; lines of a list cut by their panel.
    (sweep.Opened("wall", "", 1, "short", 1, TABLES), [(320, 480), (1920, 1080)]),
    (sweep.Opened("wall", "2m", 0, "short", 1, TABLES), [(1024, 600), (768, 1024)]),
]


def in_turn(pages: list[sweep.Opened], each: int) -> list[tuple[sweep.Opened, Sizes]]:
    """Return pages with so many sizes each, of which the next has the next ones."""
    every = [[number * each + at for at in range(each)] for number in range(len(pages))]
    sizes = [[sweep.SIZES[at % len(sweep.SIZES)] for at in row] for row in every]
    return list(zip(pages, sizes, strict=True))


def look(browser: Browser, service: Service, pages: list[tuple[sweep.Opened, Sizes]]) -> None:
    """Look at pages in their sizes."""
    troubles = []
    window = browser.new_context()
    page = window.new_page()  # one for all: a load in a new one takes almost twice the CPU
    for opened, sizes in pages:
        sweep.log_machines(service, opened)
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.goto(service.url + opened.path)
        count = opened.machines if opened.page == "overview" else 0
        page.wait_for_function(sweep.READY, arg=count, polling=100)
        troubles += sweep.looked_at(page, opened, sizes, 2)
    window.close()
    kinds = Counter(trouble.split(": ")[1] for trouble in troubles)
    assert not troubles, f"{kinds}\n" + "\n".join(troubles[:200])


@pytest.mark.timeout(300)
def test_every_two_values_go_together(browser: Browser, service: Service) -> None:
    look(browser, service, [*in_turn(list(sweep.pairs()), 1), *FOUND])


@pytest.mark.full
@pytest.mark.timeout(10_000)
@pytest.mark.parametrize("page", sweep.PAGES)
def test_everything_goes_together(browser: Browser, service: Service, page: str) -> None:
    seed = int(os.environ.get("VITALS_SEED") or random.randrange(10**6))
    print(f"VITALS_SEED={seed}")  # shown where the test fails
    pages = [opened for opened in sweep.EVERYTHING if opened.page == page]
    share = float(os.environ.get("VITALS_SWEEP", "1"))
    pages = random.Random(seed).sample(pages, max(1, round(share * len(pages))))
    look(browser, service, in_turn(pages, len(sweep.SIZES)))
