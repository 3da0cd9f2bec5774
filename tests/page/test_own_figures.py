"""Figures that somebody publishes: on the wall, in a frame, in an element and in the editor."""

import time
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect

from tests.page.wall import Wall
from tests.support.service import Service, wait_for

TOKEN = "correct-horse-battery-staple"
QUEUE = '[data-value="queue.length"]'
EVIL = "<img src=x onerror=\"document.title='owned'\">\u202e" + "x" * 64

# A frame and an element beside the wall, as another page would have them.
EMBED = """() => {
    const frame = Object.assign(document.createElement("iframe"), { src: "/embed/queue.length" });
    const chart = document.createElement("vitals-chart");
    const number = document.createElement("vitals-number");
    chart.setAttribute("panel", "queue.length");
    number.setAttribute("value", "queue.length");
    const script = Object.assign(document.createElement("script"), { src: "/static/embed.js" });
    document.body.append(frame, chart, number, script);
}"""

# Where it is shown, by what says how old it is.
PLACES = ('.tile[data-tile="queue.length"]', '[data-panels] [data-panel="queue.length"]')
CHART = 'vitals-chart [data-panel="queue.length"]'


def publish(service: Service, event: str, **data: object) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"event": event, "data": data}
    assert httpx.post(f"{service.url}/events", headers=headers, json=body).status_code == 201


def test_what_is_published_is_shown_everywhere_and_grows_old_everywhere(
    make_service: Callable[..., Service], open_wall: Callable[..., Wall], page: Page
) -> None:
    service = make_service(PUBLISH_TOKEN=TOKEN)
    service.clock_offset = -700
    service.append("queue", host="box", length=40, time=time.time() - 700)
    service.clock_offset = 0.0
    service.start().wait_until_ready()
    wall = open_wall(service, "/?panels=queue.length,cpu,notice&tiles=queue.length")
    wall.wait_for_link("live")
    page.evaluate(EMBED)
    frame = page.frame_locator("iframe")
    framed = frame.locator('[data-panel="queue.length"]')
    # It came once, more than ten minutes ago.
    for place in (*PLACES, CHART):
        expect(page.locator(f"{place}[data-freshness=stale] .age")).to_contain_text("11")
    expect(framed).to_have_attribute("data-freshness", "stale")
    expect(page.locator("vitals-number")).to_have_attribute("data-freshness", "stale")

    publish(service, "queue", length=41)
    for place in (*PLACES, CHART):
        expect(page.locator(f"{place}[data-freshness=fresh] {QUEUE}")).to_have_text("41")
        expect(page.locator(f"{place} h2")).to_have_text("Queue length")
    expect(framed.locator(QUEUE)).to_have_text("41")
    expect(page.locator("vitals-number")).to_have_attribute("data-number", "41")
    wall.wait_for_ink("queue.length", "blue")
    page.keyboard.press("e")
    for label in ("Panels", "Tiles"):
        row = page.get_by_role("list", name=label).locator('[data-name="queue.length"]')
        expect(row).to_contain_text("Queue length: 41")
        expect(row.locator("input")).to_be_checked()
    page.keyboard.press("Escape")

    # What else happens is a row, by its name, and a mark, whoever wrote it.
    assert wall.ink("cpu", "purple") == []
    publish(service, "deploy", version="v1.2", by=EVIL)
    row = page.locator('[data-panel="notice"] .lines li:has(b:text-is("deploy"))')
    expect(row).to_contain_text("version=v1.2 by=<img")
    wall.wait_for_ink("cpu", "purple")
    assert page.title() == "box · Vitals"
    assert wall.streams_opened == 1, "a new name opens nothing"


def test_one_machine_s_rules_colour_it_and_a_calm_word_says_that_all_is_well(
    start_service: Callable[..., Service], open_wall: Callable[..., Wall], page: Page
) -> None:
    service = start_service().wait_until_ready()
    service.append("queue", host="shop", length=41, served=9)
    service.append("cpu", host="shop", percent=3.0)
    wall = open_wall(service, "/?host=shop&panels=queue,cpu.percent@shop&tiles=queue.length")
    panel = page.locator('[data-panel="queue"]')
    expect(panel.locator("li")).to_have_count(2)
    assert page.locator("[data-level]").count() == 0, "it has said no rules"
    rule = {"name": "queue-long", "figure": "queue.length", "sign": ">", "level": "warning"}
    service.append("rules", host="shop", rules=[rule | {"limit": 40}])
    expect(panel).to_have_attribute("data-level", "high")
    expect(page.locator(".tile .mark")).to_have_text("▲ high")
    assert page.locator("[data-well]").is_hidden()

    # One about a list's items says nothing of a figure that is called as theirs.
    of_items = rule | {"figure": "queue.lists.*.length", "limit": 50}
    service.append("rules", host="shop", rules=[of_items])
    lists = [{"name": "a", "length": 60}]
    service.append("queue", host="shop", length=55, lists=lists)
    expect(panel).to_have_attribute("data-level", "high")
    tile = page.locator(f".tile {QUEUE}")
    expect(tile).to_have_text("55")
    assert page.locator(".tile[data-level]").count() == 0
    service.append("queue", host="shop", lists=lists)
    expect(tile).to_have_text("60")
    expect(page.locator(".tile .mark")).to_have_text("▲ high")

    service.append("queue", host="shop", length=41, served=9)
    service.append("rules", host="shop", rules=[rule | {"limit": 50}])
    wait_for(lambda: page.locator("[data-level]").count() == 0, "no level")
    service.append("cpu", host="shop", percent=4.0)
    wall.wait_for("[data-well]:not([hidden])")
