"""The banner stays within a fifth of the height; what is known is pale; what was is listed."""

import json
import time
from collections.abc import Callable

from tests.page.wall import Wall
from tests.support.service import Service, wait_for
from tests.web.test_silences import TOKEN, post

Start = Callable[..., Service]
OpenWall = Callable[..., Wall]

HEIGHT = "document.querySelector('[data-alerts]').getBoundingClientRect().height / innerHeight"
CUT = """(() => {
    const { scrollHeight, clientHeight } = document.querySelector("[data-alerts]");
    return scrollHeight > clientHeight;
})()"""
BESIDE = """(() => {
    const box = (name) => document.querySelector(`[data-alerts] ${name}`).getBoundingClientRect();
    return box(".more").top < box(".message").top;
})()"""
COLOR = "getComputedStyle(document.querySelector('[data-panel=alerts] li[data-known]')).color"
STRIP = """(() => {
    const box = (selector) => document.querySelector(selector).getBoundingClientRect();
    const { left, height } = box(".alert-strip");
    return [height, box(".alert-strip [title='it was full']").left - left];
})()"""
DIM = """(() => {
    const probe = document.createElement('i');
    probe.style.color = 'var(--ink-dim)';
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
})()"""


def tell(service: Service, name: str, state: str = "raised", **fields: object) -> None:
    service.append("alert", host="box", alert=name, rule=name, state=state, **fields)


def test_alerts_take_turns_are_acknowledged_and_listed_afterwards(
    start_service: Start, open_wall: OpenWall, page_errors: list[str]
) -> None:
    service = start_service(PUBLISH_TOKEN=TOKEN).wait_until_ready()
    now = time.time()
    tell(service, "past:/x", since=now - 500, value=91, threshold=90, message="it was full")
    tell(service, "past:/x", "cleared", since=now - 500, value=1, worst=97, threshold=90)
    long = "a filesystem with a name that is quite long is nearly full and will be soon " * 3
    for n in range(5):
        level = "critical" if n == 3 else "warning"
        tell(service, f"a{n}", level=level, since=now - n, message=f"{n}: {long}")
    wall = open_wall(service, "/?panels=cpu,alerts&distance=4m")
    wall.page.wait_for_selector("[data-alerts] li")
    assert wall.page.evaluate(HEIGHT) <= 0.2001
    assert "3: a filesystem" in wall.text("[data-alerts] .message"), "the gravest first"
    assert wall.text("[data-alerts] .more") == "1 of 5"
    assert wall.page.evaluate(BESIDE), "no line of a text is cut in half for it"
    wait_for(lambda: wall.text("[data-alerts] .more") == "2 of 5", "its turn")
    assert wall.page.evaluate(HEIGHT) <= 0.2001
    assert wall.page.evaluate("document.documentElement.scrollHeight <= innerHeight")

    wall.wait_for('[data-panel="alerts"] [data-past="past:/x"]')
    row = wall.page.locator("[data-past]")
    assert "it was full" in wall.text("[data-past]")
    assert "worst 97" in wall.text("[data-past]")
    assert row.get_attribute("href") == f"/host/box?at={round(now - 500)}"
    assert wall.page.locator('[data-panel="alerts"] .alert-strip i').count() == 6
    assert wall.page.evaluate(STRIP)[0] == 0, "no room"

    for n in (0, 1, 2, 4):
        assert post(service, f"/alerts/a{n}/ack", {"why": "seen"}).status_code == 201
    wait_for(lambda: wall.text("[data-alerts] .more") == "", "those that are known to go")
    assert "acknowledged by PUBLISH_TOKEN until" in wall.text("[data-alerts] .quiet")
    wall.page.click("[data-alerts] button")
    wall.page.fill("#ack-why", "Ann is at it")
    wall.page.fill("#ack-token", "no-such-token-at-all")
    wall.page.click("dialog.acknowledging button[type=submit]")
    wall.wait_for("dialog.acknowledging .problem:not(:empty)")
    wall.page.fill("#ack-token", TOKEN)
    page_errors[:] = [error for error in page_errors if "401" not in error]
    wall.page.click("dialog.acknowledging button[type=submit]")
    wall.wait_for("[data-alerts]:not([data-severity])")
    assert wall.page.locator("[data-alerts] li").count() == 0
    known = wall.page.locator('[data-panel="alerts"] li[data-known] .known')
    wait_for(lambda: known.count() == 5, "all alerts to be pale")
    assert any("Ann is at it" in text for text in known.all_text_contents())
    assert wall.page.evaluate(COLOR) == wall.page.evaluate(DIM)
    assert len(json.loads(service.get("/alerts").text)["silences"]) == 5
    tell(service, "a3", "still", level="critical", since=now, message="worse")
    tell(service, "a0", "still", level="critical", since=now, message="0: worse")
    wall.wait_for("[data-alerts][data-severity=critical] .message")
    wait_for(lambda: "0: worse" in wall.text("[data-alerts] .message"), "it to speak again")
    # A page that scrolls has all of it, the buttons too.
    wall.page.set_viewport_size({"width": 390, "height": 844})
    for n in (6, 7):
        tell(service, f"a{n}", level="critical", since=now, message=f"{n}: {long}")
    wall.open("/?panels=alerts")
    buttons = wall.page.locator("[data-alerts] button")
    wait_for(lambda: buttons.count() == 3, "all alerts that speak")
    assert wall.page.evaluate(CUT) is False
    strip = wall.page.locator('[data-panel="alerts"] .alert-strip')
    wait_for(lambda: strip.locator("i").count() == 8, "the strip, with what is over")
    faded = strip.locator("i[data-faded]")
    wait_for(lambda: faded.count() == 4, "those that somebody knows of, and are not worse")
    height, left = wall.page.evaluate(STRIP)
    assert height > 4
    assert left == 0, "it began before the window"


def test_alerts_of_a_silent_machine_are_unknown_and_what_is_muted_is_counted(
    start_service: Start, open_wall: OpenWall
) -> None:
    service = start_service(PUBLISH_TOKEN=TOKEN).wait_until_ready()
    service.append("cpu", "web-1", percent=99)
    now = time.time()
    alerts = {"hot": "CPU is hot", "host-silent": "nothing for 40 s"}
    for name, words in alerts.items():
        # A service without rules of its own ends what itself has said of others before.
        judge = {"judge": "another"} if name == "host-silent" else {}
        service.append(
            "alert",
            "web-1",
            alert=name,
            rule=name,
            state="raised",
            since=now,
            message=words,
            **judge,
        )
    wall = open_wall(service, "/host/web-1?panels=alerts")
    for where in ("[data-alerts]", '[data-panel="alerts"]'):
        row, words = f"{where} [data-alert=hot] .known", "unknown, as the machine is silent"
        wall.wait_for(row)
        wait_for(lambda row=row, words=words: wall.text(row) == words, "it to be unknown")  # type: ignore[misc]
        assert wall.text(f"{where} [data-alert=host-silent] .known") == ""
    service.append("cpu", "web-1", percent=99)
    service.append(
        "alert", "web-1", alert="host-silent", state="cleared", since=now, judge="another"
    )
    wait_for(lambda: wall.text("[data-alerts] [data-alert=hot] .known") == "", "it to be sure")

    assert post(service, "/alerts/web-1/hot/ack").status_code == 201
    page = wall.page
    page.set_viewport_size({"width": 390, "height": 844})
    wait_for(lambda: "acknowledged by" in wall.text("[data-alerts] .quiet"), "its pale line")
    cut = "({ scrollWidth, clientWidth }) => scrollWidth > clientWidth"
    assert page.locator("[data-alerts] .quiet").evaluate(cut) is False
    page.goto(f"{service.url}/")
    muted = page.locator("[data-state=muted]")
    wait_for(lambda: muted.text_content() == "1 muted" and muted.is_visible(), "it to be counted")
    assert page.locator("[data-well]").is_hidden()
