"""Screens: what a display may report, the bounds on it, the list, and the wish that one reloads."""

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, expect

from dashboard.errors import ClientError
from dashboard.events.encoded import Encoded
from dashboard.events.event import Event, EventId
from dashboard.events.scope import FULL, Scope
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.web.screens.registry import (
    FIELDS,
    MOST,
    PAUSE,
    ScreenReport,
    Screens,
    read_report,
)
from tests.page.wall import NETWORK_TROUBLE
from tests.support.service import ROOT, Reader, Service, data, wait_for

TOLD: dict[str, Any] = {
    "build": "0123456789ab",
    "lag": 0.4,
    "heap": 12_000_000,
    "link": "live",
    "width": 1920,
    "height": 1080,
    "url": "/?screen=lobby&panels=cpu,memory",
    "every": 30,
}
JSON = {"Accept": "application/json"}


def post(service: Service, path: str, told: object = None, **options: Any) -> httpx.Response:
    return service.request("POST", path, json=TOLD if told is None else told, **options)


def listed(service: Service) -> dict[str, dict[str, Any]]:
    answer = service.get("/screens", headers=JSON)
    assert answer.status_code == 200, answer.text
    return {screen["name"]: screen for screen in answer.json()["screens"]}


def wait_until_listed(service: Service, name: str) -> dict[str, Any]:
    return wait_for(lambda: listed(service).get(name), f"the screen {name} to be listed")


# What a report may say.


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lag": None, "heap": None},
        {"lag": 0, "heap": 0, "width": 0, "height": 0},
        {"link": "stale"},
        {"link": "lost", "every": PAUSE},
        {"every": 3600, "url": "/" + "ü" * 499, "build": "b" * 64},
        {"build": "<b>\n\0", "url": "/?a=<script>//x"},
    ],
)
def test_a_report_that_is_taken(changes: dict[str, Any]) -> None:
    told = TOLD | changes
    report = read_report(msgspec.json.encode(told))
    assert msgspec.structs.asdict(report) == told


def test_what_a_browser_cannot_know_may_be_left_out() -> None:
    told = {key: value for key, value in TOLD.items() if key not in ("lag", "heap")}
    report = read_report(msgspec.json.encode(told))
    assert (report.lag, report.heap) == (None, None)


WRONG: list[tuple[str, list[object]]] = [
    ("build", ["", "b" * 65, 7, None, ["a"]]),
    ("lag", [-0.1, "1", True, 1e10, [1]]),
    ("heap", [-1, 1.5, "1", 2**54, False]),
    ("link", ["Live", "", None, 1, "gone"]),
    ("width", [-1, 1.5, None, "1920", 100_001]),
    ("height", [-1, None, {}, 2**63]),
    ("url", ["", "x", "//evil.example/", "/\\evil.example", "https://e/", "/" * 501, None, 1]),
    ("every", [0, 4.9, 3601, None, "30", True]),
]


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, many in WRONG for value in many])
def test_a_wrong_value_is_refused_with_its_key_and_what_is_allowed(key: str, value: object) -> None:
    with pytest.raises(ClientError, match=rf"^{key}=.*: allowed is ") as caught:
        read_report(json.dumps(TOLD | {key: value}).encode())
    assert (caught.value.status, caught.value.key) == (400, key)
    assert len(str(caught.value)) < 200


def test_every_field_has_wrong_values_here() -> None:
    assert [key for key, _ in WRONG] == list(FIELDS) == list(TOLD)


@pytest.mark.parametrize("key", [key for key in TOLD if key not in ("lag", "heap")])
def test_a_missing_key_is_named(key: str) -> None:
    told = {other: value for other, value in TOLD.items() if other != key}
    with pytest.raises(ClientError, match=f"^{key} is missing: allowed is ") as caught:
        read_report(msgspec.json.encode(told))
    assert caught.value.key == key


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[]", b'"text"', b"null", b"\xff", b'{"lag": NaN}', b'{"lag":1}{}']
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(
        ClientError, match=r"JSON|UTF-8|an object with some of the keys build, lag"
    ) as caught:
        read_report(body)
    assert caught.value.status == 400


# The list and the turns, without a service. Times are seconds.


class Shelf:
    """Screens over a memory of the log, with clocks that the test sets."""

    def __init__(self, *, retention: float = 3600.0) -> None:
        self.now = 1_795_330_000.0
        self.ticks = 100.0
        self.recent = ReplayBuffer(retention=retention, clock=lambda: self.now)
        self.screens = Screens(self.recent, host="box", monotonic=lambda: self.ticks)
        self._sequence = 0

    def put(self, event: Event, *, ago: float = 0.0) -> None:
        """As if the log had brought an event that is some seconds old."""
        self._sequence += 1
        event_id = EventId(round((self.now - ago) * 1000), self._sequence)
        logged = Event(event.host, event.name, event.data, event_id)
        self.recent.load([Encoded.of(logged)], [], event_id, lambda _: ago)

    def report(self, name: str, *, ago: float = 0.0, **changes: Any) -> None:
        report = msgspec.convert(TOLD | changes, ScreenReport)
        self.put(self.screens.report(name, report, self.now - ago), ago=ago)


def test_screens_are_listed_by_name_with_what_they_said_last() -> None:
    shelf = Shelf()
    shelf.report("lobby", heap=1)
    shelf.report("atrium")
    shelf.report("lobby", heap=2)
    shelf.put(shelf.screens.wish("lobby", "reload", shelf.now))
    shelf.put(Event("box", "screens", "{}"))
    shelf.put(Event("box", None, "{}"))
    found = shelf.screens.listed()
    assert [screen["name"] for screen in found] == ["atrium", "lobby"]
    assert found[1] == TOLD | {
        **{"name": "lobby", "state": "here", "time": shelf.now, "heap": 2},
        "age": pytest.approx(0, abs=1),
    }


def test_a_screen_that_missed_three_reports_is_silent() -> None:
    shelf = Shelf()
    shelf.report("quick", every=5, ago=30)
    shelf.report("slow", every=60, ago=150)
    shelf.report("gone", every=60, ago=200)
    states = {screen["name"]: screen["state"] for screen in shelf.screens.listed()}
    assert states == {"gone": "silent", "quick": "silent", "slow": "here"}


def test_a_screen_leaves_the_list_with_its_event() -> None:
    shelf = Shelf(retention=600)
    shelf.report("lobby")
    shelf.now += 599
    assert shelf.screens.knows("lobby")
    shelf.now += 2
    assert not shelf.screens.knows("lobby")
    assert shelf.screens.listed() == []


def test_what_others_wrote_into_the_log_under_such_a_name_does_not_break_the_list() -> None:
    shelf = Shelf()
    shelf.report("lobby")
    for number, text in enumerate(('{"build": 1}', "[]", "{", '{"time": 1}')):
        shelf.put(Event("box", f"screen.other{number}", text))
    assert [screen["name"] for screen in shelf.screens.listed()] == ["lobby"]


def test_one_screen_on_two_machines_of_a_shared_log_is_listed_once() -> None:
    shelf = Shelf()
    shelf.report("lobby", heap=1)
    other = Screens(shelf.recent, host="other").report("lobby", ScreenReport(**TOLD), shelf.now)
    shelf.put(other)
    assert [screen["heap"] for screen in shelf.screens.listed()] == [TOLD["heap"]]


def test_an_event_has_its_turn_once_in_a_pause() -> None:
    shelf = Shelf()
    assert shelf.screens.claim("screen.lobby") == 0
    assert shelf.screens.claim("screen.lobby.reload") == 0
    shelf.ticks += 2
    assert shelf.screens.claim("screen.lobby") == pytest.approx(PAUSE - 2)
    assert shelf.screens.claim("screen.atrium") == 0
    shelf.ticks += PAUSE - 2
    assert shelf.screens.claim("screen.lobby") == 0


def test_what_another_worker_let_through_counts() -> None:
    shelf = Shelf()
    shelf.report("lobby", ago=1)
    assert 0 < shelf.screens.claim("screen.lobby") < PAUSE
    shelf.report("atrium", ago=PAUSE + 1)
    assert shelf.screens.claim("screen.atrium") == 0


def test_there_is_room_for_so_many_names_and_not_for_one_more() -> None:
    shelf = Shelf()
    for number in range(MOST - 1):
        shelf.report(f"screen-{number}")
    assert shelf.screens.has_room_for("last", FULL)
    assert shelf.screens.claim("screen.last") == 0  # under way, and not yet in the log
    assert not shelf.screens.has_room_for("one-more", FULL)
    assert shelf.screens.has_room_for("last", FULL)
    assert shelf.screens.has_room_for("screen-0", FULL)


def test_the_holders_of_a_link_bring_half_of_the_names() -> None:
    shelf = Shelf()
    link, other = Scope(("screen.*",)), Scope(("screen.*",), expires=1.0)
    for number in range(MOST // 2):
        assert shelf.screens.has_room_for(f"screen-{number}", link)
        shelf.report(f"screen-{number}")
    assert not shelf.screens.has_room_for("one-more", link)
    assert shelf.screens.has_room_for("screen-0", link)
    assert shelf.screens.has_room_for("one-more", FULL)
    assert shelf.screens.has_room_for("one-more", other)


# Over HTTP.


def test_a_report_becomes_an_event_and_a_line_of_the_list(
    service: Service, read: Callable[..., Reader]
) -> None:
    reader = read(service, "?events=screen.lobby")
    reader.wait_for(1, "hello")
    answer = post(service, "/screens/lobby")
    assert (answer.status_code, answer.content) == (204, b"")
    (event,) = reader.wait_for(1, "screen.lobby")
    told = data(event)
    assert told == {"host": "box", "time": told["time"], "screen": "lobby"} | TOLD
    screen = wait_until_listed(service, "lobby")
    assert screen["time"] == told["time"]
    assert screen["state"] == "here"
    assert 0 <= screen["age"] < 10
    assert {key: screen[key] for key in TOLD} == TOLD
    build = service.get("/screens", headers=JSON).json()["build"]
    assert f'data-build="{build}"' in service.get("/screens").text


def test_two_reports_at_once_are_one_too_many(service: Service) -> None:
    assert post(service, "/screens/hasty").status_code == 204
    answer = post(service, "/screens/hasty")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= PAUSE
    assert "once in 5 s" in answer.json()["detail"]
    assert len(service.logged("screen.hasty")) == 1


@pytest.mark.parametrize("name", ["Lobby", "-a", "_a", "a.b", "a b", "ä", "a" * 41, "%3Cb%3E"])
def test_another_name_is_refused(service: Service, name: str) -> None:
    for path in (f"/screens/{name}", f"/screens/{name}/reload"):
        answer = post(service, path)
        assert answer.status_code == 400
        assert answer.json()["key"] == "screen"
        assert "a-z and 0-9" in answer.json()["detail"]


def test_a_wrong_report_is_refused_with_its_key(service: Service) -> None:
    for key, value in (("colour", "red"), ("build", 7), ("lag", "much")):
        answer = post(service, "/screens/wrong", TOLD | {key: value})
        assert answer.status_code == 400
        assert answer.json()["key"] == key
    assert "build, lag, heap" in post(service, "/screens/wrong", {"x": 1}).json()["detail"]
    assert service.request("POST", "/screens/wrong", content=b"x").status_code == 400
    half = json.dumps(TOLD | {"build": "\ud800"}).encode()
    assert service.request("POST", "/screens/wrong", content=half).status_code == 422
    assert "wrong" not in listed(service)


def test_a_large_body_is_refused_however_it_comes(service: Service) -> None:
    body = msgspec.json.encode(TOLD | {"url": "/" + "x" * 4096})
    for content in (body, iter([body])):  # the second chunked, without its length
        answer = service.request("POST", "/screens/large", content=content)
        assert answer.status_code == 413
        assert "4096 bytes" in answer.json()["detail"]


def test_a_screen_is_asked_to_reload(service: Service, read: Callable[..., Reader]) -> None:
    assert post(service, "/screens/asked").status_code == 204
    wait_until_listed(service, "asked")
    reader = read(service, "?events=screen.asked.reload")
    reader.wait_for(1, "hello")
    assert service.request("POST", "/screens/asked/reload").status_code == 202
    (event,) = reader.wait_for(1, "screen.asked.reload")
    assert data(event).keys() == {"host", "time", "screen"}
    assert (data(event)["host"], data(event)["screen"]) == ("box", "asked")
    again = service.request("POST", "/screens/asked/reload")
    assert again.status_code == 429
    assert "Retry-After" in again.headers
    assert "asked.reload" not in listed(service)


def test_an_unknown_screen_is_not_asked(service: Service) -> None:
    answer = service.request("POST", "/screens/nobody/reload")
    assert answer.status_code == 404
    assert "'nobody'" in answer.json()["detail"]


def test_beyond_the_most_names_only_those_that_are_known_may_report(
    start_service: Callable[..., Service],
) -> None:
    service = start_service()
    service.append_all((f"screen.s{number}", "other", TOLD) for number in range(MOST))
    wait_for(lambda: len(listed(service)) == MOST, "all screens to be listed")
    answer = post(service, "/screens/one-more")
    assert answer.status_code == 409
    assert f"{MOST} screens" in answer.json()["detail"]
    assert post(service, "/screens/s7").status_code == 204


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "application/json"),
        ("application/json, text/html;q=0.5", "application/json"),
        ("text/plain", "text/html"),
    ],
)
def test_the_list_is_a_page_or_json_as_is_wanted(service: Service, accept: str, kind: str) -> None:
    answer = service.get("/screens", headers={"Accept": accept})
    assert answer.headers["Content-Type"].partition(";")[0] == kind
    assert answer.headers["Vary"] == "Accept"


def test_an_unknown_query_is_refused(service: Service) -> None:
    for query, key in (("theme=blue", "theme"), ("thme=dark", "thme")):
        answer = service.get(f"/screens?{query}")
        assert answer.status_code == 400
        assert answer.json()["key"] == key


def test_off_is_off(start_service: Callable[..., Service]) -> None:
    service = start_service(SCREENS="off").wait_until_ready()
    answers = [
        service.get("/screens"),
        post(service, "/screens/lobby"),
        service.request("POST", "/screens/lobby/reload"),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert "SCREENS is off" in answer.json()["detail"]
    assert service.logged("screen.lobby") == []


def test_the_right_to_read_is_needed_and_enough(start_service: Callable[..., Service]) -> None:
    token = "correct-horse-battery-staple"
    service = start_service(READ_TOKEN=token)
    right = {"Authorization": f"Bearer {token}"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert service.get("/screens", headers=headers | JSON).status_code == 401
        for path in ("/screens/lobby", "/screens/lobby/reload"):
            assert post(service, path, headers=headers).status_code == 401
    page = service.get("/screens", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/screens")
    assert service.logged("screen.lobby") == []
    assert post(service, "/screens/lobby", headers=right).status_code == 204
    names = lambda: service.get("/screens", headers=right | JSON).json()["screens"]  # noqa: E731
    wait_for(names, "the screen to be listed")
    assert post(service, "/screens/lobby/reload", headers=right).status_code == 202


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_another_sites_page_may_not_report(service: Service, headers: dict[str, str]) -> None:
    for path in ("/screens/foreign", "/screens/foreign/reload"):
        assert post(service, path, headers=headers).status_code == 403


@contextmanager
def only(worker: int, service: Service) -> Iterator[None]:
    """While this lasts one worker alone answers."""
    others = [pid for pid in service.worker_pids() if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def test_all_workers_know_all_screens_and_keep_the_turns(
    start_service: Callable[..., Service],
) -> None:
    service = start_service(workers=2)
    service.wait_until_ready()
    first, second = service.worker_pids()
    with only(first, service):
        assert post(service, "/screens/lobby").status_code == 204
    with only(second, service):
        assert wait_until_listed(service, "lobby")["build"] == TOLD["build"]
        assert post(service, "/screens/lobby").status_code == 429
        assert service.request("POST", "/screens/lobby/reload").status_code == 202
    assert len(service.logged("screen.lobby")) == 1
    assert len(service.logged("screen.lobby.reload")) == 1


# The page. Its clock is playwright's, so that ten seconds need not pass.

POLL = 11_000


@pytest.fixture
def open_list(page: Page) -> Callable[..., None]:
    """Open the list of a service, and wait for the first answer."""

    def open_list(service: Service, query: str = "") -> None:
        page.clock.install()
        page.goto(f"{service.url}/screens{query}")
        page.wait_for_selector("html[data-list]")

    return open_list


def field(page: Page, screen: str, name: str) -> str:
    text = page.locator(f'[data-screen="{screen}"] [data-field="{name}"]').text_content() or ""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_the_page_shows_what_screens_say(
    start_service: Callable[..., Service], page: Page, open_list: Callable[..., None]
) -> None:
    service = start_service()
    build = service.get("/screens", headers=JSON).json()["build"]
    service.append("screen.lobby", **TOLD | {"build": build})
    service.append("screen.old", **TOLD | {"lag": None, "heap": None, "link": "stale"})
    wait_until_listed(service, "old")
    open_list(service)
    lobby = {name: field(page, "lobby", name) for name in ("state", "build", "lag", "heap", "size")}
    assert lobby == {
        **{"state": "here", "build": build, "lag": "0.4 s"},
        **{"heap": "11 MiB", "size": "1920×1080"},
    }
    assert field(page, "lobby", "url") == TOLD["url"]
    assert re.fullmatch(r"\d+(\.\d)? s ago", field(page, "lobby", "reported"))
    assert field(page, "old", "state") == "here, its stream is stale"
    assert field(page, "old", "build") == f"{TOLD['build']} (not this server’s)"
    assert (field(page, "old", "lag"), field(page, "old", "heap")) == ("—", "—")
    assert page.text_content("[data-count]") == "2 here, 0 silent"
    # It goes on by itself: ages by the second, what is new with the next answer.
    service.append("screen.added", **TOLD)
    wait_until_listed(service, "added")
    page.clock.run_for(POLL)
    page.wait_for_selector('[data-screen="added"]')
    names = page.locator("tbody tr").evaluate_all("rows => rows.map((r) => r.dataset.screen)")
    assert names == ["added", "lobby", "old"]


def test_a_silent_screen_says_since_when(
    make_service: Callable[..., Service], page: Page, open_list: Callable[..., None]
) -> None:
    service = make_service()
    service.clock_offset = -3600
    service.append("screen.lobby", **TOLD)
    service.start()
    assert wait_until_listed(service, "lobby")["state"] == "silent"
    open_list(service)
    assert re.fullmatch(r"silent since \d\d:\d\d:\d\d", field(page, "lobby", "state"))
    assert field(page, "lobby", "reported") == "60 min ago"
    assert page.text_content("[data-count]") == "0 here, 1 silent"


def test_what_displays_say_is_shown_as_text(
    service: Service, page: Page, open_list: Callable[..., None]
) -> None:
    build, url = "<img src=x onerror=alert(1)>", "/?a=<script>alert(2)</script>&amp;"
    answer = post(service, "/screens/evil", TOLD | {"build": build, "url": url})
    assert answer.status_code == 204
    wait_until_listed(service, "evil")
    open_list(service)
    assert field(page, "evil", "build").startswith(build)
    assert field(page, "evil", "url") == url
    assert page.locator("main img, main script, main a").count() == 0


def test_the_button_asks_the_screen_to_reload(
    service: Service, page: Page, page_errors: list[str], open_list: Any
) -> None:
    service.append("screen.pressed", **TOLD)
    before = wait_until_listed(service, "pressed")["time"]
    open_list(service)
    button = page.get_by_role("button", name="Reload pressed")
    button.click()
    answer = page.locator('[data-screen="pressed"] .answer')
    expect(answer).to_have_text("asked to reload")
    assert len(service.logged("screen.pressed.reload")) == 1
    button.click()
    expect(answer).to_contain_text("not asked: too soon: once in 5 s for each screen")
    page_errors.clear()  # the browser reports the 429
    # The screen is back: the list says so, and the button has kept the focus.
    service.append("screen.pressed", **TOLD)
    wait_for(lambda: listed(service)["pressed"]["time"] > before, "the report")
    page.clock.run_for(POLL)
    expect(answer).to_have_text("")
    expect(button).to_be_focused()


def test_a_list_that_is_not_renewed_says_so(
    start_service: Callable[..., Service],
    page: Page,
    page_errors: list[str],
    open_list: Callable[..., None],
) -> None:
    service = start_service()
    open_list(service)
    expect(page.locator("[data-none]")).to_be_visible()
    service.stop()
    page.clock.run_for(POLL)
    expect(page.locator("[data-trouble]")).to_have_text("the server cannot be reached")
    expect(page.locator("[data-old]")).to_contain_text("this list is")
    service.start()
    page.clock.run_for(POLL)
    page.wait_for_selector("html[data-list=live]")
    expect(page.locator(".trouble")).to_be_hidden()
    page_errors[:] = [error for error in page_errors if not NETWORK_TROUBLE.search(error)]


def test_the_list_fits_a_phone(
    service: Service, page: Page, open_list: Callable[..., None]
) -> None:
    service.append("screen.wide", **TOLD | {"url": "/?" + "x" * 400, "build": "b" * 64})
    service.append(f"screen.{'n' * 40}", **TOLD)
    wait_until_listed(service, "n" * 40)
    open_list(service, "?theme=light")
    for width in (320, 390, 768, 1366, 1920):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{wide} pixels wide on {width}"
    assert page.get_attribute("html", "data-theme") == "light"


# The documents.


def test_the_documents_name_every_field() -> None:
    for name in ("api.md", "events.md"):
        text = (ROOT / "docs" / name).read_text("utf-8")
        section = text.split("/screens/NAME" if name == "api.md" else "### `screen.NAME`", 1)[1]
        rows = re.findall(r"^\| `(\w+)` \|", section.split("\n##")[0], re.M)
        expected = list(FIELDS) if name == "api.md" else ["screen", *FIELDS]
        assert rows == expected, name
