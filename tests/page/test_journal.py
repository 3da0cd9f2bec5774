"""Jobs, log lines, notices and alerts on the wall: as text, in order, and never too old."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.page.wall import Wall
from tests.support.service import Service, wait_for

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

EVIL = "<img src=x onerror=\"document.title='owned'\">"


@pytest.fixture
def service(start_service: Start) -> Service:
    return start_service().wait_until_ready()


def happen(service: Service, name: str, **fields: object) -> None:
    service.append(name, host="box", **fields)


def texts(wall: Wall, selector: str) -> list[str]:
    found = wall.page.locator(selector).all_text_contents()
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in found]


def test_jobs_show_how_far_they_are(service: Service, open_wall: OpenWall) -> None:
    happen(service, "progress", job="backup", done=20, total=80, message=EVIL, state="running")
    wall = open_wall(service, "/?panels=progress")
    wall.wait_for('[data-job="backup"]')
    assert texts(wall, '[data-job="backup"] .share') == ["25 %"]
    assert EVIL in wall.text('[data-job="backup"] .words')
    happen(service, "progress", job="backup", done=40, total=80, state="running")
    wait_for(lambda: texts(wall, '[data-job="backup"] .share') == ["50 %"], "the next step")
    happen(service, "progress", job="backup", done=80, total=80, state="completed")
    wall.wait_for('[data-job="backup"][data-state="completed"]')
    assert "completed" in wall.text('[data-job="backup"] .share')
    happen(service, "progress", job="copy", done=1, total=2, message="disk full", state="failed")
    wall.wait_for('[data-job="copy"][data-state="failed"]')
    assert wall.page.title() == "box · Vitals"


def test_log_lines_newest_first_and_filtered_as_one_types(
    service: Service, open_wall: OpenWall
) -> None:
    for number, source in enumerate(("nginx", "sshd", "nginx")):
        happen(service, "log", source=source, level="info", message=f"{EVIL} {number}")
    wall = open_wall(service, "/?panels=log")
    shown = ".lines li:not([hidden]) span"
    wait_for(lambda: len(texts(wall, shown)) == 3, "three lines")
    happen(service, "log", source="sshd", level="error", message="failed password")
    wait_for(lambda: len(texts(wall, shown)) == 4, "the new line")
    assert texts(wall, shown) == ["✕ failed password", *(f"{EVIL} {n}" for n in (2, 1, 0))]
    wall.page.fill('[data-panel="log"] input', "NGINX")
    assert texts(wall, shown) == [f"{EVIL} 2", f"{EVIL} 0"]
    wall.page.hover('[data-panel="log"] .lines')
    happen(service, "log", source="nginx", level="info", message="while somebody reads")
    wall.wait_for_sample()
    wall.wait_for_sample()
    assert len(texts(wall, shown)) == 2, "lines stand still under the pointer"
    wall.page.hover("h1")
    wait_for(lambda: len(texts(wall, shown)) == 3, "lines to go on")
    assert wall.page.locator(".lines img").count() == 0


def test_a_line_that_its_panel_cuts_is_hidden_whatever_comes(
    service: Service, open_wall: OpenWall
) -> None:
    # More than a panel has: the oldest are short, and those that are seen long.
    service.append_all(
        ("log", "box", {"message": "short" if number < 50 else "long " * 60})
        for number in range(105)
    )
    wall = open_wall(service, "/?panels=log")
    wrong = """() => {
        const rows = [...document.querySelectorAll(".lines li")];
        const end = document.querySelector(".journal > .body").getBoundingClientRect().bottom + 1;
        const isCut = (row) => row.getBoundingClientRect().bottom > end;
        return rows.filter((row) => row.matches("[data-cut]") !== isCut(row)).length;
    }"""
    wall.wait_for(".lines li:nth-child(100)[data-cut]")
    # A short one comes for one that goes: all together are as high as before.
    for number in range(3):
        happen(service, "log", message=str(number))
        expect(wall.page.locator(".lines span").first).to_have_text(str(number))
    wait_for(lambda: wall.page.evaluate(wrong) == 0, "whole lines alone")


def test_an_alert_cannot_be_missed_until_somebody_has(
    service: Service, open_wall: OpenWall
) -> None:
    def alert(state: str, level: str = "critical") -> None:
        happen(
            service,
            "alert",
            alert="disk-almost-full:/",
            level=level,
            state=state,
            since=1_700_000_000,
            message="/ is 97 % full",
            event="filesystem",
        )

    wall = open_wall(service, "/?panels=cpu,alerts&distance=4m")
    assert wall.page.locator("[data-alerts]").is_hidden()
    alert("raised")
    wall.page.wait_for_selector("[data-alerts]")
    assert "/ is 97 % full" in wall.text("[data-alerts]")
    assert "critical" in wall.text("[data-alerts] strong")
    wall.wait_for('[data-tile="filesystem"][data-alarm="critical"]')
    # As tall as it has to be to be read from there, and nothing is pushed off the screen by it.
    size = wall.page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('[data-alerts] .message')).fontSize)"
    )
    assert size >= 0.035 * 1080
    assert wall.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    wall.page.click("[data-alerts] button")
    assert wall.page.locator("[data-alerts]").is_hidden()
    assert wall.page.locator('[data-panel="alerts"] li').count() == 1
    wall.page.reload()
    wall.wait_for('[data-tile="filesystem"][data-alarm="critical"]')
    assert wall.page.locator("[data-alerts]").is_hidden(), "acknowledged on this display"
    alert("cleared")
    wall.wait_for('[data-tile="filesystem"]:not([data-alarm])')
    assert wall.page.locator('[data-panel="alerts"] li').count() == 0


def test_a_notice_is_a_thin_line_in_the_charts_with_its_name_before_it(
    service: Service, open_wall: OpenWall
) -> None:
    wall = open_wall(service, "/?panels=cpu,notice&window=1m")
    wall.wait_for_link("live")
    wall.wait_for_sample()
    assert wall.ink("cpu", "purple") == []
    happen(service, "notice", title="web", message="deployed 2.3")
    lines = wall.wait_for_ink("cpu", "purple")
    assert len(lines) > 1, "a line, and the letters of its name"
    start, end = max(lines)
    assert end - start < 0.05
    assert wall.text(".lines li:not([hidden])").endswith("webdeployed 2.3")
    wall.open("/?panels=cpu,notice&window=1m&marks=none").wait_for(".lines li")
    wall.wait_for_sample()
    assert wall.ink("cpu", "purple") == []


def test_history_has_the_newest_of_what_is_no_measurement(service: Service) -> None:
    for number in range(5):
        happen(service, "log", message=str(number))
    answer = service.json("/history?events=log,cpu&lines=3&since=1")
    assert [line["data"]["message"] for line in answer["lines"]["log"]] == ["2", "3", "4"]
    assert [line["id"] for line in answer["lines"]["log"]] == service.logged_ids("log")[-3:]
    assert "cpu" not in answer["lines"]
    assert "lines" not in service.json("/history?events=log")
    for wrong in ("0", "1001", "2.5", "x"):
        refused = service.get(f"/history?lines={wrong}")
        assert refused.status_code == 400
        assert refused.json()["key"] == "lines"
