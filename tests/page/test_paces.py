"""Machines of a fleet that are sampled at an interval each: none is judged by another's."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.page.wall import Wall
from tests.support.agents import Agent
from tests.support.service import Service, running, wait_for

OpenWall = Callable[..., Wall]
TOKEN = "publish-me-if-you-can"
SLOW = 2.0  # seconds; eight times the dashboard's interval
QUICK = 0.25
PATIENCE = 3 * SLOW

# Every state that an element's attribute has, from now on.
WATCH = """([selector, name]) => {
    const element = document.querySelector(selector);
    window.states = [element.getAttribute(name)];
    const note = () => window.states.push(element.getAttribute(name));
    new MutationObserver(note).observe(element, { attributeFilter: [name] });
}"""


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A dashboard that samples itself often."""
    folder = tmp_path_factory.mktemp("dashboard")
    with running(folder, PUBLISH_TOKEN=TOKEN, INTERVAL=QUICK) as service:
        yield service.wait_until_ready()


@pytest.fixture(scope="module")
def agent(dashboard: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    """Another machine's agent, which samples seldom."""
    folder: Path = tmp_path_factory.mktemp("agent")
    given = {"HOST_NAME": "slow", "LOG": dashboard.url, "PUBLISH_TOKEN": TOKEN, "INTERVAL": SLOW}
    agent = Agent(folder, **given).start("-m", "flask", "agent")
    wait_for(lambda: len(dashboard.logged("cpu", host="slow")) > 2, "samples of the slow machine")
    yield agent
    agent.close()


def more(dashboard: Service, count: int) -> None:
    """Wait until the slow machine has been sampled some more times."""
    wanted = len(dashboard.logged("cpu", host="slow")) + count
    wait_for(lambda: len(dashboard.logged("cpu", host="slow")) >= wanted, "more samples")


@pytest.mark.usefixtures("agent")
def test_the_page_of_a_slow_machine_is_live_and_its_lines_are_whole(
    dashboard: Service, open_wall: OpenWall, page: Page
) -> None:
    wall = open_wall(dashboard, "/host/slow").wait_until_joined()
    wall.wait_for('[data-panel="cpu"][data-freshness="fresh"]')
    first = wall.rows("cpu", "slow")
    assert len(first.samples) > 2
    assert first.breaks == [], "history draws no break"
    page.evaluate(WATCH, ["html", "data-link"])
    more(dashboard, 3)
    wait_for(lambda: len(wall.rows("cpu", "slow").samples) >= len(first.samples) + 2, "them")
    assert page.evaluate("window.states") == ["live"], "in the seconds between two samples"
    assert wall.rows("cpu", "slow").breaks == []
    # The same beside a quick one, whose interval the lines of both are drawn by.
    wall = open_wall(dashboard, "/?panels=cpu.percent@box~@slow&tiles=none")
    wall.wait_for_link("live")
    wall.wait_for('.figures [data-host="slow"][data-freshness="fresh"]')
    page.evaluate(WATCH, ['.figures [data-host="slow"]', "data-freshness"])
    more(dashboard, 1)
    assert page.evaluate("window.states") == ["fresh"]


def test_the_overview_greys_each_machine_by_its_own_pace(
    dashboard: Service, agent: Agent, open_wall: OpenWall, page: Page
) -> None:
    wall = open_wall(dashboard)
    slow, box = (f'main [data-host="{host}"]' for host in ("slow", "box"))
    wall.wait_for(f"{slow}[data-freshness=fresh]")
    wall.wait_for(f"{box}[data-freshness=fresh]")
    page.evaluate(WATCH, [slow, "data-freshness"])
    more(dashboard, 2)
    assert page.evaluate("window.states") == ["fresh"]
    agent.end()
    last = float(dashboard.logged_ids("cpu", host="slow")[-1].split("-")[0]) / 1000
    wall.wait_for(f"{slow}[data-freshness=stale]")
    assert float(dashboard.logged_ids("cpu", host="box")[-1].split("-")[0]) / 1000 > last + PATIENCE
    wall.wait_for(f"{box}[data-freshness=fresh]")
    wall.wait_for_link("live")


def test_a_quick_machine_is_silent_soon_on_a_slow_dashboard(
    start_service: Callable[..., Service], open_wall: OpenWall
) -> None:
    service = start_service(INTERVAL=600)
    service.append("system", "quick", interval=0.1, tags=[])
    service.append("cpu", "quick", percent=5.0)
    wall = open_wall(service, "/?host=*")
    # By the dashboard's interval this would take an hour and forty minutes.
    wall.wait_for('main [data-host="quick"][data-freshness="gone"]')
    wall = open_wall(service, "/host/quick")
    wall.wait_for('[data-tile="cpu"][data-freshness="gone"]')
    wall.wait_for_link("stale")
    service.append("cpu", "quick", percent=6.0)
    wall.wait_for_link("live")
    wall.wait_for_link("stale")
