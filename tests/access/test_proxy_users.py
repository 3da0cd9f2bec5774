"""Users whom a trusted proxy names: who is believed, and what their groups may read, anywhere."""

import json
import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from werkzeug.test import Client, TestResponse

from dashboard.events.event import Event
from dashboard.events.scope import FULL, Scope, ScopeError, union_of
from dashboard.settings import Group, SettingError, load
from tests.support.bare_app import running_app

HOSTS = ("web-1", "db-1")
GROUPS = (
    Group(name="web", events=("cpu",), hosts=("web-*",)),
    Group(name="/db admins", hosts=("db-*",)),
    Group(name="all"),
)
# Figures and pages, each of which has to ask the same.
WAYS = [
    *("/", "/host/db-1", "/stream", "/history", "/now?figures=cpu.percent&host=db-1", "/alerts"),
    *("/embed", "/embed/cpu", "/catalogue", "/metrics", "/screens", "/machines", "/progress/x"),
    *("/badge/cpu.percent.svg?host=db-1", "/picture/cpu.svg?host=db-1"),
]
HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An application behind a proxy at 10.0.0.1, with two machines, without a server."""
    events = [
        Event(host, name, json.dumps({"host": host, "time": time.time(), "percent": 1.5}))
        for host in HOSTS
        for name in ("cpu", "memory")
    ]
    with running_app(
        tmp_path_factory.mktemp("app"),
        events,
        trusted_user_header="Remote-User",
        trusted_groups_header="Remote-Groups",
        trusted_proxies=("10.0.0.1",),
        group=GROUPS,
    ) as app:
        yield app


def ask(
    app: Any,
    path: str,
    user: str | None = "ada",
    groups: str = "all",
    *,
    peer: str = "10.0.0.1",
    method: str = "GET",
    **headers: str,
) -> TestResponse:
    """Ask as the proxy does, or somebody who says he is one; of a stream the first block comes."""
    given = {name.replace("_", "-"): text for name, text in headers.items()}
    if user is not None:
        given |= {"Remote-User": user, "Remote-Groups": groups}

    def answer() -> TestResponse:
        environ = {"REMOTE_ADDR": peer}
        return Client(app, use_cookies=False).open(
            path, method=method, headers=given, environ_overrides=environ
        )

    found: TestResponse = gevent.spawn(answer).get(timeout=60)
    return found


def begin(response: TestResponse, words: str) -> str:
    """Return a stream's text until these words."""
    text = ""

    def read() -> None:
        nonlocal text
        for block in response.response:
            text += block.decode() if isinstance(block, bytes) else block
            if words in text:
                return

    gevent.spawn(read).get(timeout=60)
    response.close()
    return text


# Who is believed.


@pytest.mark.parametrize("path", WAYS)
def test_the_proxy_s_user_reads_and_nobody_else_does(app: Any, path: str) -> None:
    known = ask(app, path)
    known.close()
    assert known.status_code in (200, 204, 404), known.status
    for forged in (
        ask(app, path, peer="10.0.0.2"),
        ask(app, path, None),
        ask(app, path, ""),
    ):
        refused = forged.status_code == 401 or "/sign-in" in forged.headers.get("Location", "")
        assert refused, forged.status
    beyond = ask(app, path, groups="visitors")
    assert beyond.status_code == 403
    assert "ada is in none of the groups that may read here" in beyond.text


def test_who_stands_before_the_proxy_is_not_believed_by_his_address(app: Any) -> None:
    told = ask(app, "/alerts", peer="192.0.2.1", X_Forwarded_For="10.0.0.1")
    assert told.status_code == 401
    through = ask(app, "/alerts", X_Forwarded_For="192.0.2.1")
    assert through.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "ada,root",  # as a header that came twice is joined
        "a" * 201,
        "ada\x85root",
        "\xff",  # no UTF-8
        "ada\troot",
        "{http.reverse_proxy.header.Remote-User}",  # of Caddy, for nobody
    ],
)
def test_a_name_that_is_none_lets_nobody_in(app: Any, name: str) -> None:
    answer = ask(app, "/alerts", name)
    assert answer.status_code == 403
    assert "Remote-User of the proxy is not one name" in answer.text
    assert ask(app, "/alerts", "ada", "all\xff").status_code == 403
    assert ask(app, "/alerts", "ada", "all," * 4000).status_code == 403


def test_names_and_groups_of_any_language_are_read(app: Any) -> None:
    name = "Zoë <Łódź>".encode().decode("latin-1")
    page = ask(app, "/sign-in", name, "x,  /db admins ,", **HTML)
    assert "signed in as Zoë &lt;Łódź&gt;, by a proxy" in page.text
    assert ask(app, "/alerts", name, "x,  /db admins ,").status_code == 200


# What is read.


def test_groups_are_a_union_of_what_each_may(app: Any) -> None:
    both = "web,/db admins"
    history = ask(app, "/history?since=300&host=*", groups=both).json
    assert history is not None
    seen = {(each["host"], each["event"]) for each in history["latest"]}
    allowed = {("web-1", "cpu"), ("db-1", "cpu"), ("db-1", "memory")}
    assert seen == allowed
    columns = {(host, name) for host, found in history["hosts"].items() for name in found}
    assert columns == allowed
    text = begin(ask(app, "/stream?host=*", groups=both), "event: memory")
    told = [line for line in text.splitlines() if '"percent"' in line]
    assert ["web-1" in line for line in told] == [True, False, False], text
    for path, status in (
        ("/now?figures=memory.percent&host=db-1", 200),
        ("/now?figures=memory.percent&host=web-1", 403),
        ("/now?figures=cpu.percent&host=web-1", 200),
        ("/badge/memory.percent.svg?host=web-1", 403),
        ("/picture/memory.percent.svg?host=web-1", 403),
        ("/history?host=box", 403),
        ("/links", 403),
    ):
        answer = ask(app, path, groups=both)
        assert answer.status_code == status, (path, answer.text)
    metrics = ask(app, "/metrics", groups=both).text
    assert 'event="memory",field="percent",host="web-1"' not in metrics
    assert ask(app, "/links", Accept="application/json").status_code == 200


def test_a_union_is_of_pairs_of_events_and_hosts() -> None:
    web, everything = Scope(("cpu",), ("web-*",)), Scope()
    both = union_of([web, Scope(None, ("db-1",)), web])
    assert [both.allows(h, n) for h, n in (("web-1", "cpu"), ("db-1", "x"))] == [True, True]
    assert not both.allows("web-1", "x")
    assert not both.is_full
    assert (both.events, both.hosts) == (None, ("web-*", "db-1"))
    both.check_events(["cpu"], "web-1")
    with pytest.raises(ScopeError, match=r"x of web-1 is not allowed here; .*, or allowed are"):
        both.check_events(["cpu", "x"], "web-1")
    assert union_of([web, web]) == web
    assert union_of([web, everything]) is FULL
    # All events and all hosts, and yet not each of each.
    cross = union_of([Scope(("cpu",), None), Scope(None, ("db-1",))])
    assert (cross.events, cross.hosts, cross.is_full) == (None, None, False)
    assert not cross.allows("web-1", "x")


# What a browser may do.


def test_another_site_s_page_posts_nothing_by_a_user(app: Any) -> None:
    for said in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        for method, path in (("POST", "/links"), ("DELETE", "/links/x"), ("POST", "/sign-out")):
            answer = ask(app, path, method=method, **said)
            assert answer.status_code == 403, path
            assert "other sites' pages" in answer.text
    made = ask(app, "/links", method="POST", Sec_Fetch_Site="same-origin")
    assert made.status_code == 400  # for its body, not for who asks
    assert ask(app, "/links", None, method="POST").status_code == 401


def test_a_page_says_who_is_signed_in_and_is_nobody_else_s(app: Any) -> None:
    page = ask(app, "/", **HTML)
    assert {"private", "no-cache"} <= set(page.headers["Cache-Control"].split(", "))
    assert "Set-Cookie" not in page.headers
    out = ask(app, "/sign-out", method="POST")
    assert out.headers["Location"] == "/sign-in"
    about = ask(app, "/sign-in", **HTML)
    assert "You are signed in as ada, by a proxy in front of this service" in about.text
    assert "<input" not in about.text  # no token would be right
    stranger = ask(app, "/sign-in", None, **HTML)
    assert "Open this page through the proxy" in stranger.text
    refused = ask(app, "/", groups="", **HTML)
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.mimetype == "text/html"


def test_a_link_is_good_for_a_user_who_may_not_read_everything(app: Any) -> None:
    body = {"events": ["memory"], "hosts": ["web-1"]}
    key = gevent.spawn(
        lambda: Client(app).post(
            "/links",
            json=body,
            headers={"Remote-User": "ada", "Remote-Groups": "all"},
            environ_overrides={"REMOTE_ADDR": "10.0.0.1"},
        )
    ).get(timeout=60)
    assert key.json is not None
    path = f"/?key={key.json['key']}"
    assert "Set-Cookie" not in ask(app, path, **HTML).headers  # who may read everything
    memory = "/now?figures=memory.percent&host=web-1"
    for groups in ("", "web"):
        opened = ask(app, path, groups=groups, **HTML)
        cookie = opened.headers["Set-Cookie"].partition(";")[0]
        assert ask(app, memory, groups=groups).status_code == 403
        assert ask(app, memory, groups=groups, Cookie=cookie).status_code == 200


# Settings.


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"USER_HEADER": "Remote-User"}, "believed of TRUSTED_PROXIES alone"),
        ({"USER_HEADER": "Remote-User", "PROXIES": "none"}, "believed of TRUSTED_PROXIES alone"),
        ({"GROUPS_HEADER": "X"}, "nothing without TRUSTED_USER_HEADER"),
        ({"USER_HEADER": "Remote User", "PROXIES": "10.0.0.1"}, "such as Remote-User"),
    ],
)
def test_users_need_a_proxy_that_is_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        load({f"DASHBOARD_TRUSTED_{key}": text for key, text in given.items()})
    assert "\n" not in str(caught.value)


def test_groups_are_tables_with_events_and_hosts() -> None:
    known = {"TRUSTED_USER_HEADER": "Remote-User", "TRUSTED_PROXIES": "10.0.0.1"}

    def groups(text: str, **more: str) -> tuple[Group, ...]:
        given = known | more | {"GROUP": text}
        return load({f"DASHBOARD_{key}": value for key, value in given.items()}).group

    header = {"TRUSTED_GROUPS_HEADER": "Remote-Groups"}
    assert groups('[{"name": "a b", "events": ["cpu"]}]', **header)[0].events == ("cpu",)
    for wrong, words in (
        ('[{"name": "a,b"}]', "without commas"),
        ('[{"name": "a"}, {"name": "a"}]', "another has the same name"),
        ('[{"name": "a", "hosts": []}]', "1 to 100 names"),
        ('[{"name": "a", "publish": true}]', "unknown key"),
    ):
        with pytest.raises(SettingError, match=words):
            groups(wrong, **header)
    with pytest.raises(SettingError, match="needs TRUSTED_GROUPS_HEADER"):
        groups('[{"name": "a"}]')
