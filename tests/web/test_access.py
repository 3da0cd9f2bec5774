"""Who may read: the Host header, the token, the cookie, other origins, and the bind address."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.support.service import ROOT, Service, wait_for

TOKEN = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> "Service":
    """A service that wants a token; stopped with the module's other service."""
    return Service(
        tmp_path_factory.mktemp("guarded"),
        READ_TOKEN=TOKEN,
        ALLOWED_HOSTS="wall.example",
        ALLOWED_ORIGINS="https://intranet.example",
        FRAME_ANCESTORS="https://intranet.example",
    ).start()


@pytest.fixture(scope="module", autouse=True)
def _stop(guarded: Service) -> object:
    yield
    guarded.stop()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1", "localhost", "[::1]:80", "box", "WALL.example:443"]
)
def test_a_host_that_belongs_here_is_answered(guarded: Service, host: str) -> None:
    answer = guarded.get("/history", headers={"Host": host, **bearer(TOKEN)})
    assert answer.status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "wall.example.evil"])
def test_another_host_is_refused_by_name(guarded: Service, host: str) -> None:
    answer = guarded.get("/healthz", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json()["key"] == "Host"
    assert host in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/stream", "/history", "/metrics"])
@pytest.mark.parametrize("headers", [{}, bearer("wrong"), {"Cookie": "vitals=read"}])
def test_figures_need_the_token(guarded: Service, path: str, headers: dict[str, str]) -> None:
    answer = guarded.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text


def test_with_the_token_figures_are_given(guarded: Service) -> None:
    assert guarded.get("/history", headers=bearer(TOKEN)).status_code == 200
    assert guarded.get("/metrics", headers=bearer(TOKEN)).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/static/favicon.svg", "/sign-in"])
def test_what_shows_nothing_is_open(guarded: Service, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_a_display_signs_in_once(guarded: Service, page: Page, page_errors: list[str]) -> None:
    page.goto(f"{guarded.url}/?theme=light")
    assert "/sign-in" in page.url
    page.fill("#token", "not the token at all")
    page.click("button")
    page.wait_for_selector("[role=alert]")
    page_errors.clear()  # the browser reports the 403 of the wrong token
    page.fill("#token", TOKEN)
    page.click("button")
    page.wait_for_selector("html[data-link=live]")
    assert page.url.endswith("/?theme=light")
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["expires"] > 300 * 86400
    page.reload()
    page.wait_for_selector("html[data-link=live]")


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"),
        *("/\n/evil.example", "\t//evil.example", "/\r\\evil.example", "evil.example"),
    ],
)
def test_signing_in_never_leads_elsewhere(guarded: Service, target: str) -> None:
    answer = httpx.post(f"{guarded.url}/sign-in", params={"next": target}, data={"token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("path", ["/sign-in", "/screens/lobby", "/screens/lobby/reload", "/events"])
def test_another_site_cannot_post(guarded: Service, path: str) -> None:
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},  # a frame in a sandbox, or a page that was redirected here
        {"Origin": "null", "Host": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = guarded.request(
            "POST", path, data={"token": TOKEN}, headers=headers | bearer(TOKEN)
        )
        assert answer.status_code == 403
        assert "other sites" in answer.json()["detail"]


def test_only_allowed_origins_may_read(guarded: Service) -> None:
    ours = guarded.get("/history", headers={"Origin": "https://intranet.example", **bearer(TOKEN)})
    assert ours.headers["Access-Control-Allow-Origin"] == "https://intranet.example"
    other = guarded.get("/history", headers={"Origin": "https://evil.example", **bearer(TOKEN)})
    assert "Access-Control-Allow-Origin" not in other.headers
    for answer in (ours, other):
        assert answer.headers.get("Access-Control-Allow-Origin") != "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        *("https://intranetxexample", "https://intranet.example.evil", "https://INTRANET.example"),
        *("https://intranet.example:443", "http://intranet.example", "null", "[", "http://["),
        *("http://:", "http://1", "http://[::1]x"),
    ],
)
def test_origins_are_compared_as_strings(guarded: Service, origin: str) -> None:
    for path in ("/history", "/embed", "/static/embed.js", "/nothing"):
        answer = guarded.get(path, headers={"Origin": origin, **bearer(TOKEN)})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert ("Origin" in answer.headers.get("Vary", "")) == (path != "/nothing")


def test_a_browser_is_signed_out(guarded: Service) -> None:
    with httpx.Client(base_url=guarded.url) as browser:
        browser.post("/sign-in", data={"token": TOKEN})
        assert browser.get("/history").status_code == 200
        assert "/sign-out" in browser.get("/sign-in").text
        answer = browser.post("/sign-out")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
        assert browser.get("/history").status_code == 401
        assert "/sign-out" not in browser.get("/sign-in").text


def test_a_script_of_an_allowed_origin_may_send_the_token(guarded: Service) -> None:
    """A browser asks before, without the token, whether it may."""
    asks = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    ours = {"Origin": "https://intranet.example", **asks}
    answer = guarded.request("OPTIONS", "/history", headers=ours)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://intranet.example"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    other = guarded.request(
        "OPTIONS", "/history", headers=asks | {"Origin": "https://evil.example"}
    )
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize("path", ["/", "/embed/cpu", "/screens", "/sign-in"])
def test_pages_have_a_strict_policy(guarded: Service, path: str) -> None:
    answer = guarded.get(path, headers={"Accept": "text/html", **bearer(TOKEN)})
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "font-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self' https://intranet.example" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    referrer = "no-referrer" if path == "/embed/cpu" else "same-origin"
    assert answer.headers["Referrer-Policy"] == referrer
    # A token in a header is nobody's sign-in.
    assert "Set-Cookie" not in answer.headers


def test_whatever_else_is_answered_is_not_sniffed(guarded: Service) -> None:
    for path in ("/history", "/metrics", "/nothing", "/embed", "/static/embed.js", "/openapi.json"):
        answer = guarded.get(path, headers=bearer(TOKEN))
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path


def test_arguments_and_environment_of_processes_stay_where_they_are(
    start_service: Callable[..., Service],
) -> None:
    """Of everything that is sent nothing has what a process was started with: passwords, often."""
    argument, variable = "secret-in-an-argument-4711", "secret-in-the-environment-4712"
    busy = "import sys; print(flush=True)\nwhile True: pass"
    environ = os.environ | {"SECRET_OF_A_PROCESS": variable}
    command = [sys.executable, "-c", busy, f"--password={argument}"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            service = start_service(INTERVAL=0.5)

            def is_seen() -> bool:
                latest = service.json("/history?events=processes")["latest"]
                return any(
                    one["pid"] == process.pid for event in latest for one in event["data"]["top"]
                )

            wait_for(is_seen, "the busy process among the top ones")
            with httpx.stream("GET", f"{service.url}/stream", timeout=20) as answer:
                lines = []
                for line in answer.iter_lines():
                    lines.append(line)
                    if len(lines) > 100:
                        break
            paths = (
                "/history?lines=1000",
                "/metrics",
                "/alerts",
                "/",
                "/embed/processes",
                "/readyz",
            )
            told = "".join([*lines, *(service.get(path).text for path in paths)])
        finally:
            process.kill()
    assert f'"pid":{process.pid}' in told.replace(" ", "")
    assert argument not in told
    assert variable not in told
    assert "SECRET_OF_A_PROCESS" not in told


def test_without_a_token_it_does_not_open_to_a_network(
    start_service: Callable[..., Service],
) -> None:
    command = [sys.executable, "-m", "gunicorn", "-b", "0.0.0.0:0"]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert refused.returncode == 2
    lines = [line for line in refused.stderr.splitlines() if line.startswith("Vitals:")]
    assert len(lines) == 1
    assert "READ_TOKEN" in lines[0]
    assert "PUBLIC" in lines[0]
    assert "Traceback" not in refused.stderr
    opened = start_service(PUBLIC=1, arguments=("-b", "0.0.0.0:0"))
    assert opened.answers()


def test_a_reload_without_the_token_does_not_open_the_service(
    start_service: Callable[..., Service], tmp_path: Path
) -> None:
    config = tmp_path / "vitals.toml"
    config.write_text(f'read_token = "{TOKEN}"\n')
    service = start_service(CONFIG=config, arguments=("-b", "0.0.0.0:0"))
    before = service.worker_pids()
    config.write_text("")
    os.kill(service.pid, signal.SIGHUP)
    wait_for(lambda: not set(before) & set(service.worker_pids()), "the old worker to go")
    wait_for(service.answers, "the new worker to answer")
    assert "going on with the settings of before" in service.output.read_text()
    assert service.get("/history").status_code == 401
