"""Signed links: what a key covers, where it holds, when it ends, and where it must not be seen."""

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.access.link_store import LinkStore
from dashboard.access.secret_key import FILE, secret_key
from dashboard.access.signed_links import InvalidLink, SignedLinks
from dashboard.events.scope import FULL, Scope, ScopeError
from dashboard.settings import load
from tests.support.service import ROOT, Service, wait_for

TOKEN = "correct-horse-battery-staple"
SECRET = "another-secret-of-16"
Start = Callable[..., Service]


def links(clock: Callable[[], float] = time.time, **settings: str) -> SignedLinks:
    given = {"READ_TOKEN": TOKEN, "SECRET_KEY": SECRET} | settings
    ours = load({f"DASHBOARD_{key}": text for key, text in given.items()})
    return SignedLinks(secret_key(ours), ours.read_token, clock)


def key(events: str = "", hosts: str = "", *, seconds: float = 600, **settings: str) -> str:
    """A key, made by the code and not by the command."""
    scope = Scope(
        tuple(events.split(",")) if events else None,
        tuple(hosts.split(",")) if hosts else None,
        time.time() + seconds,
    )
    return links(time.time, **settings).token(scope)


# Rights.


@pytest.mark.parametrize(
    ("patterns", "yes", "no"),
    [
        (("cpu",), ["cpu"], ["cpu2", "xcpu", "memory", "CPU"]),
        (("build.*",), ["build.", "build.a.b"], ["build", "abuild.x"]),
        (("*",), ["", "anything"], []),
        (("a*c", "x"), ["ac", "abc", "x"], ["ab", "xx", "abcd"]),
    ],
)
def test_patterns(patterns: tuple[str, ...], yes: list[str], no: list[str]) -> None:
    scope = Scope(events=patterns)
    assert all(scope.allows_name(name) for name in yes)
    assert not any(scope.allows_name(name) for name in no)
    assert all(Scope(hosts=patterns).allows_host(name) for name in yes)


def test_a_pattern_is_covered_where_all_that_it_matches_is() -> None:
    scope = Scope(hosts=("web-*", "db-1"))
    scope.check(None, {"web-1", "web-*", "web-a*", "db-1", "*"})
    for beyond in ("web*", "db-*", "db-2", "*-1"):
        with pytest.raises(ScopeError) as caught:
            scope.check(None, {beyond})
        assert caught.value.key == "host"
        assert beyond in caught.value.detail
        assert "web-*, db-1" in caught.value.detail


def test_who_names_none_is_told_of_a_host_that_he_may_see() -> None:
    assert FULL.default_host("box", ["a"]) == "box"
    assert Scope(hosts=("b*",)).default_host("box", []) == "box"
    assert Scope(hosts=("web-*", "db-1")).default_host("box", ["web-2"]) == "db-1"
    assert Scope(hosts=("web-*",)).default_host("box", ["web-2", "web-1", "a"]) == "web-1"
    assert Scope(hosts=("web-*",)).default_host("box", ["a"]) == ""


# Keys.


def test_a_key_gives_its_right_until_it_ends() -> None:
    now = 1_800_000_000.0
    ours = links(lambda: now)
    scope = Scope(("cpu", "build.*"), ("web-*",), now + 60, "0123456789ab")
    made = ours.token(scope)
    assert ours.scope_of(made) == scope
    now += 59
    assert ours.scope_of(made) == scope
    now += 1
    with pytest.raises(InvalidLink, match="expired, at 2027-01-15 08:01 UTC"):
        ours.scope_of(made)


def test_a_key_that_was_changed_or_signed_by_another_is_none() -> None:
    made = key("cpu")
    ours = links()
    others = [key("cpu", SECRET_KEY="x" * 16), made[:-1], made[1:], "", "a.b.c", made.upper()]
    for other in [*others, ours.sign_in_cookie()]:
        with pytest.raises(InvalidLink) as caught:
            ours.scope_of(other)
        assert made not in str(caught.value)
    assert not ours.is_sign_in_cookie(made)
    assert ours.is_sign_in_cookie(ours.sign_in_cookie())


def test_a_cookie_lasts_as_long_as_browsers_keep_one() -> None:
    at = links()._cookies
    made = at.dumps("read")
    for days, good in ((0, True), (399, True), (401, False), (-1, False)):
        later = links(lambda days=days: time.time() + days * 86400)  # type: ignore[misc]
        assert later.is_sign_in_cookie(str(made)) is good


# The command.


def sign(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    environ = {name: v for name, v in os.environ.items() if not name.startswith("DASHBOARD_")}
    environ |= {f"DASHBOARD_{name}": text for name, text in settings.items()}
    command = [sys.executable, "-m", "vitals", "sign", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )


def test_the_command_prints_a_key_and_a_link_and_takes_it_back(tmp_path: Path) -> None:
    ours = {"READ_TOKEN": TOKEN, "SECRET_KEY": SECRET, "INSTANCE": str(tmp_path)}
    made = sign(
        *("--events", "cpu,build.*", "--host", "web-*", "--expires", "2h", "--label", "the lobby"),
        *("--path", "/embed/cpu?theme=light", "--url", "https://wall.example/"),
        **ours,
    )
    assert made.returncode == 0, made.stderr
    found, link = made.stdout.splitlines()
    scope = links().scope_of(found)
    assert (scope.events, scope.hosts) == (("cpu", "build.*"), ("web-*",))
    assert scope.expires == pytest.approx(time.time() + 7200, abs=60)
    assert link == f"https://wall.example/embed/cpu?theme=light&key={found}"
    assert "the events cpu, build.* of the hosts web-*" in made.stderr
    assert found not in made.stderr
    listed = sign("--list", **ours).stdout
    assert scope.link is not None
    assert listed.startswith(scope.link)
    assert "never used  the lobby  allowed are the events cpu, build.* of the hosts" in listed
    revoked = sign("--revoke", scope.link, **ours)
    assert "  revoked 20" in revoked.stdout, revoked.stderr
    unknown = sign("--revoke", "none", **ours)
    assert (unknown.returncode, "no link 'none' is known" in unknown.stderr) == (2, True)
    checked = SignedLinks(SECRET, TOKEN, store=LinkStore(tmp_path / "links.json"))
    with pytest.raises(InvalidLink, match=r"was revoked, at [0-9 :-]{5,16} UTC"):
        checked.scope_of(found)


def test_without_a_secret_key_a_random_one_is_kept_and_is_not_the_token(tmp_path: Path) -> None:
    without = sign(READ_TOKEN=TOKEN, INSTANCE=str(tmp_path)).stdout.strip()
    kept = tmp_path / FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert links(SECRET_KEY=kept.read_text().strip()).scope_of(without).is_full
    settings = load({"DASHBOARD_READ_TOKEN": TOKEN, "DASHBOARD_INSTANCE": str(tmp_path)})
    assert secret_key(settings) == secret_key(settings) == kept.read_text().strip()
    for guess in (TOKEN, "", "nothing"):  # a link is no oracle for the token
        with pytest.raises(InvalidLink):
            SignedLinks(guess, TOKEN).scope_of(without)


def test_all_processes_of_a_service_get_one_secret_key(tmp_path: Path) -> None:
    settings = load({"DASHBOARD_READ_TOKEN": TOKEN, "DASHBOARD_INSTANCE": str(tmp_path / "a")})
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: secret_key(settings), range(64)))) == 1
    assert [path.name for path in (tmp_path / "a").iterdir()] == [FILE]
    (tmp_path / "a" / FILE).write_text("cut")
    assert len(secret_key(settings)) > 32, "a file that is not whole is made anew"


def test_a_key_that_cannot_be_kept_is_random_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    settings = load({"DASHBOARD_READ_TOKEN": TOKEN, "DASHBOARD_INSTANCE": str(tmp_path / "file")})
    assert secret_key(settings) != secret_key(settings)
    assert "SECRET_KEY" in caplog.text


def test_a_new_read_token_ends_sign_ins_and_no_links() -> None:
    cookie, token = links().sign_in_cookie(), key("cpu")
    changed = links(READ_TOKEN=f"{TOKEN}-2")
    assert links().is_sign_in_cookie(cookie)
    assert not changed.is_sign_in_cookie(cookie)
    assert changed.scope_of(token).events == ("cpu",)


def test_the_command_refuses_what_it_cannot_sign() -> None:
    nothing = sign()
    assert nothing.returncode == 2
    assert "SECRET_KEY" in nothing.stderr
    for text in ("never", "90", "3661d"):
        wrong = sign("--expires", text, SECRET_KEY=SECRET)
        assert wrong.returncode == 2
        assert f"'{text}': allowed is a duration from 1s to 3660d" in wrong.stderr
    assert "Traceback" not in wrong.stderr + nothing.stderr


# The service.


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("service"),
        READ_TOKEN=TOKEN,
        SECRET_KEY=SECRET,
        PUBLISH_TOKEN="p" * 20,
        HEARTBEAT=0.5,
        INTERVAL=60,  # nothing that was logged goes stale meanwhile
    )
    service.arguments = ["--access-logfile", "-", "--log-level", "debug"]
    service.start()
    for host in ("web-1", "web-2", "db-1"):
        service.append("cpu", host, percent=1.0)
        service.append("memory", host, percent=2.0)
    service.append("progress", "db-1", job="backup", state="running")
    service.append("alert", "db-1", alert="a", rule="a", event="cpu", level="info", state="raised")
    whole = {"Authorization": f"Bearer {TOKEN}"}
    wait_for(lambda: 'host="db-1"' in service.get("/metrics", headers=whole).text, "the log")
    yield service
    service.close()


def first_events(service: Service, query: str, **headers: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream up to its first heartbeat."""
    found = []
    url = f"{service.url}/stream{query}"
    with httpx.stream("GET", url, headers=headers, timeout=20, verify=False) as answer:
        assert answer.status_code == 200, answer.read()
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                found.append((name, json.loads(line[6:])))
                if name == "heartbeat":
                    return found
    raise AssertionError("the stream ended")


def test_a_stream_has_just_what_the_key_covers(service: Service) -> None:
    found = first_events(service, f"?key={key('cpu,deploy', 'web-*')}")
    hello = found[0][1]
    assert hello["hosts"] == ["web-1", "web-2"]
    assert hello["host"] == "web-1"
    told = {(name, event["host"]) for name, event in found if name not in ("hello", "heartbeat")}
    assert told == {("cpu", "web-1"), ("cpu", "web-2")}
    asked = first_events(service, f"?events=cpu&host=web-2&key={key('cpu', 'web-*')}")
    assert {event["host"] for name, event in asked if name == "cpu"} == {"web-2"}


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/stream?events=cpu,memory", "events"),
        ("/stream?host=db-1", "host"),
        ("/history?events=memory", "events"),
        ("/history?host=web-1,db-1", "host"),
        ("/alerts", "events"),
        ("/progress/backup", "events"),
        ("/screens", None),
    ],
)
def test_who_asks_for_more_is_told_what_is_allowed(
    service: Service, path: str, wrong: str | None
) -> None:
    mark = "&" if "?" in path else "?"
    headers = {"Accept": "application/json"}
    its = key("cpu", "web-*")
    answer = service.get(f"{path}{mark}key={its}", headers=headers)
    if wrong is None:
        assert answer.json()["screens"] == []
        return
    assert answer.status_code == 403
    assert answer.json()["key"] == wrong
    assert "allowed are the events cpu of the hosts web-*" in answer.json()["detail"]
    assert its not in answer.text


def test_history_and_metrics_have_just_what_the_key_covers(service: Service) -> None:
    its = key("cpu", "web-1")
    history = service.json(f"/history?key={its}&lines=5")
    assert list(history["hosts"]) == ["web-1"]
    assert list(history["hosts"]["web-1"]) == ["cpu"]
    assert {(one["host"], one["event"]) for one in history["latest"]} == {("web-1", "cpu")}
    metrics = service.get("/metrics", headers={"Authorization": f"Bearer {its}"})
    assert 'vitals_cpu_usage_ratio{host="web-1"}' in metrics.text
    for other in (
        "web-2",
        "db-1",
        "box",
        "node_memory",
        "vitals_log",
        "process_",
        "vitals_streams",
    ):
        assert other not in metrics.text
    assert service.get(f"/embed?key={its}").json()["host"] == "web-1"


def test_alerts_and_jobs_of_other_hosts_are_as_none(service: Service) -> None:
    seen = service.json(f"/alerts?key={key('alert', 'db-1')}")["alerts"]
    assert [one["host"] for one in seen] == ["db-1"]
    assert service.json(f"/alerts?key={key('alert', 'web-*')}")["alerts"] == []
    for hosts, count in (("db-1", 1), ("web-1", 0)):
        path = f"{service.url}/progress/backup?key={key('progress', hosts)}"
        lines = []
        with httpx.stream("GET", path, timeout=20) as answer:
            for line in answer.iter_lines():
                lines.append(line)
                if line == "event: heartbeat":
                    break
        assert sum('"job":"backup"' in line or '"backup"' in line for line in lines) == count


def test_a_screen_is_reported_by_whom_its_event_is_allowed(service: Service) -> None:
    body = {"build": "b", "link": "live", "width": 1, "height": 1, "url": "/", "every": 60}
    for its, status in ((key("cpu"), 403), (key("screen.lobby*", "box"), 204)):
        answer = service.request("POST", f"/screens/lobby?key={its}", json=body)
        assert answer.status_code == status, answer.text


def test_a_key_does_not_publish(service: Service) -> None:
    its = key()
    for headers in ({}, {"Authorization": f"Bearer {its}"}):
        answer = service.request("POST", f"/events?key={its}", json={"data": {}}, headers=headers)
        assert answer.status_code == 401


def test_an_expired_or_foreign_key_is_refused_in_words(service: Service) -> None:
    for its, words in (
        (key("cpu", seconds=-60), "expired"),
        (key("cpu", SECRET_KEY="z" * 16), "none of this service's"),
    ):
        answer = service.get(f"/history?key={its}")
        assert answer.status_code == 401
        assert words in answer.json()["detail"]
        assert its not in answer.text
        page = service.get(f"/?theme=light&key={its}", headers={"Accept": "text/html"})
        assert page.status_code == 303
        assert its not in page.headers["Location"]
        assert (
            "theme%3Dlight" in page.headers["Location"] or "theme=light" in page.headers["Location"]
        )
        assert 'role="alert"' in service.get(page.headers["Location"]).text


def test_a_page_exchanges_its_key_for_a_cookie(service: Service) -> None:
    its = key("cpu", "web-*", seconds=3600)
    answer = service.get(f"/?panels=cpu&key={its}&theme=light")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/?panels=cpu&theme=light"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    cookie = answer.headers["Set-Cookie"]
    assert re.match(f"vitals-link-[0-9a-f]{{8}}={re.escape(its)}; ", cookie)
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Max-Age=2595"))
    assert "Secure" not in cookie
    assert answer.headers["Cache-Control"] == "no-store, private"
    secure = service.get(f"/?key={its}", headers={"X-Forwarded-Proto": "https"})
    assert "; Secure" in secure.headers["Set-Cookie"]
    with_cookie = {"Cookie": f"vitals-link={its}"}
    page = service.get("/", headers=with_cookie)
    assert page.status_code == 200
    assert 'data-events="cpu"' in page.text
    assert 'data-host="web-1"' in page.text
    assert its not in page.text
    assert its in page.headers["Set-Cookie"]  # anew, for the time that is left
    assert page.headers["Cache-Control"] == "no-cache, private"  # no proxy keeps it
    assert service.get("/history?host=db-1", headers=with_cookie).status_code == 403
    renewed = service.get("/sign-in/renew", headers=with_cookie)
    assert renewed.status_code == 204
    assert its in renewed.headers["Set-Cookie"]


def test_a_sign_in_of_an_older_version_holds(service: Service) -> None:
    cookies = httpx.post(f"{service.url}/sign-in", data={"token": TOKEN}).cookies
    value = next(iter(cookies.values()))
    page = service.get("/", headers={"Cookie": f"other=1; vitals={value}"})
    assert page.status_code == 200
    assert re.match("vitals-[0-9a-f]{8}=", page.headers["Set-Cookie"])


def test_two_services_of_one_host_do_not_sign_each_other_out(
    service: Service, make_service: Start
) -> None:
    """A browser sends cookies to all ports of a host, and keeps one of a name."""
    other = make_service(READ_TOKEN="other-" + TOKEN, INTERVAL=3600).start().wait_until_ready()
    with httpx.Client() as browser:
        for its, token in ((service, TOKEN), (other, "other-" + TOKEN)):
            answer = browser.post(f"{its.url}/sign-in", data={"token": token})
            assert answer.status_code == 303
        for its in (service, other):
            assert browser.get(f"{its.url}/history?since=5").status_code == 200


def test_the_token_s_cookie_goes_before_a_link_s(service: Service) -> None:
    signed_in = httpx.post(f"{service.url}/sign-in", data={"token": TOKEN}).cookies
    name, value = next(iter(signed_in.items()))
    both = {"Cookie": f"{name}={value}; vitals-link={key('cpu')}"}
    assert service.get("/history?events=memory", headers=both).status_code == 200
    opened = service.get(f"/?key={key('cpu')}", headers=both)
    assert opened.headers["Location"] == "/"
    assert "Set-Cookie" not in opened.headers
    renewed = service.get("/sign-in/renew", headers=both).headers["Set-Cookie"]
    assert renewed.startswith(f"{name}=")
    # A key in a query is what somebody means to use.
    asked = service.get(f"/history?events=memory&key={key('cpu')}", headers=both)
    assert asked.status_code == 403


def test_an_embed_keeps_its_key_for_its_own_requests(service: Service) -> None:
    its = key("cpu", "web-1")
    answer = service.get(f"/embed/cpu?key={its}")
    assert answer.status_code == 200
    assert f'data-stream="/stream?key={its}"' in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_stream_ends_with_its_right(start_service: Start) -> None:
    service = start_service(READ_TOKEN=TOKEN, SECRET_KEY=SECRET, INTERVAL=0.5)
    its = key("cpu", seconds=3)
    plain = {"Accept-Encoding": "identity"}  # of compressed ones the end is not written
    url = f"{service.url}/stream?key={its}"
    with httpx.stream("GET", url, headers=plain, timeout=30) as answer:
        assert answer.status_code == 200
        text = "".join(answer.iter_text())  # to its end
    assert "event: cpu" in text
    assert service.get(f"/history?key={its}").status_code == 401
    metrics = service.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'reason="expired"' in metrics


def test_no_key_and_no_token_is_in_any_log(service: Service) -> None:
    its = key("cpu")
    wrong = "wrong-" + "w" * 20
    service.get(f"/history?key={its}", headers={"Referer": f"http://x/?key={its}"})
    service.get(f"/nothing?key={its}")
    service.get("/history", headers={"Authorization": f"Bearer {wrong}"})
    with service.dial() as connection:
        connection.sendall(f"GET /stream?key={its} HTTP/9.9 no\r\n\r\n".encode())
        answer = connection.recv(65536)
    assert b" 400 " in answer
    assert its.encode() not in answer
    wait_for(lambda: "GET /nothing" in service.output.read_text(), "the access log")
    log = service.output.read_text()
    for secret in (its, wrong, TOKEN, SECRET, "p" * 20):
        assert secret not in log
