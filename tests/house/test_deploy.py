"""The files of deploy/, as they stand, with the real nginx, Caddy, HAProxy and systemd-analyze."""

import re
import subprocess
import tomllib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from dashboard.agent.__main__ import check
from dashboard.log.opening import log_url
from dashboard.settings import SettingError, load
from tests.support.proxies import (
    DEPLOY,
    Caddy,
    HAProxy,
    HeldService,
    Nginx,
    Proxy,
    Varnish,
    free_port,
    program,
)
from tests.support.service import Reader, Service, wait_for

Read = Callable[..., Reader]

TABS = 30


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One in which nothing happens by itself: what a test sees is what it published."""
    service = HeldService(
        tmp_path_factory.mktemp("service"), INTERVAL=3600, HEARTBEAT=3600, RETRY=200
    )
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture(scope="module", params=[Nginx, Caddy, HAProxy])
def proxy(
    request: pytest.FixtureRequest, service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("proxy") / "proxy"
    proxy: Proxy = request.param(folder, service.port)
    yield proxy.start()
    proxy.stop()


def streams(service: Service) -> float:
    return service.total("vitals_streams")


@pytest.fixture(autouse=True)
def nobody_is_left(service: Service) -> Iterator[None]:
    """A reader that has gone is let go by the proxy, too."""
    yield
    wait_for(lambda: streams(service) == 0, "all streams to end")


class Curl:
    """curl, which shows the bytes as they come."""

    def __init__(self, *arguments: str) -> None:
        command = [program("curl"), "--silent", "--insecure", "--no-buffer", "--max-time", "60"]
        self.process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)

    def read_until(self, beginning: str) -> str:
        """The next line that begins so."""
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline()
            assert line, f"curl ended before {beginning!r}"
            if line.startswith(beginning):
                return line.strip()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def test_over_http2_each_event_comes_when_it_happens(service: Service, proxy: Proxy) -> None:
    name = f"each-{type(proxy).__name__.lower()}"  # of which nothing is in the log
    curl = Curl("--http2", "--include", f"{proxy.url}/stream?events={name}")
    try:
        assert curl.read_until("HTTP/") == "HTTP/2 200"
        curl.read_until("event: hello")
        for number in range(5):
            # Nothing follows that could push it out.
            event_id = service.append(name, number=number)
            assert curl.read_until("id: ") == f"id: {event_id}"
            assert f'"number": {number}' in curl.read_until("data: ")
    finally:
        curl.close()


def test_gzip_is_passed_on_and_read_piece_by_piece(service: Service, proxy: Proxy) -> None:
    url = f"{proxy.url}/stream?events=mark"
    with httpx.Client(verify=False, timeout=20) as client:
        with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["content-encoding"] == "gzip"
            assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert response.headers["cache-control"] == "no-cache, no-transform"
            unpack, text, pieces = zlib.decompressobj(31), "", response.iter_raw()

            def read_until(words: str) -> None:
                nonlocal text
                while words not in text:
                    text += unpack.decompress(next(pieces)).decode()

            read_until("event: hello")
            for _ in range(3):
                read_until(f"id: {service.append('mark', text='ä' * 3000)}\n")
        with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            assert "content-encoding" not in response.headers
            assert "event: hello" in next(response.iter_text())


def test_a_stream_resumes_through_restarts_of_the_proxy_and_the_service(
    service: Service, proxy: Proxy, read: Read
) -> None:
    sent = [service.append("mark")]
    # `read` asks for nothing of a service but its URL.
    readers = [read(proxy, "?events=mark", last_event_id=sent[0]) for _ in range(3)]
    for reader in readers:
        reader.wait_for(1, "hello")
    for restart in (proxy, service):
        sent.append(service.append("mark"))
        for reader in readers:
            reader.wait_for_id(sent[-1])
        connects = [reader.connects for reader in readers]
        restart.stop()
        sent += [service.append("mark") for _ in range(3)]
        restart.start()
        for reader, before in zip(readers, connects, strict=True):
            reader.wait_for_id(sent[-1])
            assert reader.connects > before
        sent.append(service.append("mark"))
        for reader in readers:
            reader.wait_for_id(sent[-1])
    for reader in readers:
        assert reader.logged_ids() == sent[1:], "lost, doubled or out of order"
        assert reader.named("gap") == []


def test_thirty_tabs_share_a_connection(service: Service, proxy: Proxy, tmp_path: Path) -> None:
    curl = Curl(
        *("--http2", "--parallel", "--parallel-max", "50", "--output", f"{tmp_path}/tab-#1"),
        f"{proxy.url}/stream?events=mark&host=box,tab-[1-{TABS}]",
    )
    tabs = [tmp_path / f"tab-{number}" for number in range(1, TABS + 1)]

    def all_have(words: str) -> bool:
        return all(tab.exists() and words in tab.read_text() for tab in tabs)

    try:
        wait_for(lambda: all_have("event: hello"), "all tabs to have a stream")
        assert streams(service) == TABS
        event_id = service.append("mark", host="box")
        wait_for(lambda: all_have(f"id: {event_id}\n"), "all tabs to have the event")
        connections = psutil.Process(curl.process.pid).net_connections(kind="tcp")
        assert [one.status for one in connections] == ["ESTABLISHED"]
    finally:
        curl.close()


def test_http_leads_to_https_and_stays_there(proxy: Proxy) -> None:
    with httpx.Client(verify=False, timeout=20) as client:
        plain = client.get(f"http://localhost:{proxy.plain_port}/history?since=5")
        assert plain.status_code == 308
        assert plain.headers["location"] == f"{proxy.announced}/history?since=5"
        page = client.get(f"{proxy.url}/")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("kind", [Nginx, Caddy, HAProxy])
def test_while_the_service_is_away_a_stream_is_empty_and_asked_for_again(
    kind: type[Proxy], tmp_path: Path
) -> None:
    """An EventSource that gets an error never comes back."""
    proxy = kind(tmp_path / "proxy", free_port()).start()
    try:
        with httpx.Client(verify=False, timeout=20) as client:
            for path in ("/stream?events=cpu", "/progress/backup"):
                answer = client.get(f"{proxy.url}{path}")
                assert answer.status_code == 200
                assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
                assert answer.headers["cache-control"] == "no-cache"
                assert answer.text == "retry: 2000\n\n"
            for path in ("/", "/streams", "/history?since=5"):
                assert client.get(f"{proxy.url}{path}").status_code in (502, 503)
    finally:
        proxy.stop()


@pytest.mark.parametrize("kind", [Nginx, Caddy, HAProxy])
def test_the_service_knows_that_it_is_behind_tls(
    kind: type[Proxy], make_service: Callable[..., Service], tmp_path: Path
) -> None:
    token = "a-token-of-this-test"
    service = make_service(READ_TOKEN=token, INTERVAL=3600).start()
    proxy = kind(tmp_path / "proxy", service.port).start()
    try:
        with httpx.Client(verify=False, timeout=20) as client:
            # What a client says of itself is not believed; and its own origin is the page's.
            headers = {"Origin": proxy.url, "X-Forwarded-Proto": "http"}
            answer = client.post(
                f"{proxy.url}/sign-in", data={"token": token, "next": "/"}, headers=headers
            )
            assert answer.status_code == 303, answer.text
            assert "; Secure;" in answer.headers["set-cookie"]
            assert client.get(f"{proxy.url}/history?since=5").status_code == 200
            assert httpx.get(f"{proxy.url}/history?since=5", verify=False).status_code == 401
    finally:
        proxy.stop()


@pytest.mark.parametrize("encoding", ["gzip", "identity", None])
def test_varnish_at_its_defaults_passes_events_on(
    service: Service, tmp_path: Path, encoding: str | None
) -> None:
    """It asks for gzip itself, whatever a client wants, and unpacks it only when much has come."""
    proxy = Varnish(tmp_path / "proxy", service.port).start()
    header = [] if encoding is None else ["--header", f"Accept-Encoding: {encoding}"]
    name = f"varnish-{encoding or 'none'}".lower()
    curl = Curl(*header, f"{proxy.url}/stream?events={name}")
    try:
        curl.read_until("event: hello")
        for number in range(3):
            event_id = service.append(name, number=number)
            assert curl.read_until("id: ") == f"id: {event_id}"
    finally:
        curl.close()
        proxy.stop()


# --- systemd -------------------------------------------------------------------------------------

UNITS = ["vitals.service", "vitals-agent.service"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_bounded(unit: str) -> None:
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", str(DEPLOY / unit)],
        capture_output=True,
        text=True,
    )
    found = re.search(r"Overall exposure level for \S+: ([\d.]+) (\w+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert found[2] == "OK"
    assert float(found[1]) < 2.5


def test_the_units_have_no_key_that_systemd_does_not_know() -> None:
    units = [str(DEPLOY / unit) for unit in (*UNITS, "vitals.socket", "vitals-kiosk.service")]
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", *units], capture_output=True, text=True
    )
    # The command is where docs/deploying.md puts it, which is not here; nor is what a kiosk needs.
    programs = r"(/opt/vitals/bin/vitals|/usr/bin/(cage|chromium|curl))"
    expected = rf"\S+: Command {programs} is not executable: No such file or \w+"
    lines = {line for line in done.stderr.splitlines() if "vitals" in line}
    assert [line for line in lines if not re.fullmatch(expected, line)] == []
    assert len({line for line in lines if "/opt/vitals" in line}) == len(UNITS)


# --- the settings --------------------------------------------------------------------------------


def test_the_examples_settings_are_refused_until_a_token_is_set(tmp_path: Path) -> None:
    path = tmp_path / "vitals.toml"
    text = (DEPLOY / "vitals.toml").read_text("utf-8")
    path.write_text(text)
    with pytest.raises(SettingError, match="read_token"):
        load({"DASHBOARD_CONFIG": str(path)})
    token = "a-token-of-this-test"
    assert text.count('read_token = ""') == 1
    path.write_text(text.replace('read_token = ""', f'read_token = "{token}"'))
    settings = load({"DASHBOARD_CONFIG": str(path)})
    assert settings.read_token == token
    assert log_url(settings) == "sqlite:////var/lib/vitals/events.db"
    # The keys in its comments are settings, too.
    whole = re.sub(r"(?m)^# (\w+ = )", r"\1", text).replace('token = ""', f'token = "{token}"')
    path.write_text(whole)
    assert set(tomllib.loads(whole)) > set(tomllib.loads(text))
    load({"DASHBOARD_CONFIG": str(path)})


def test_an_agents_settings_are_refused_until_a_token_is_set(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    text = (DEPLOY / "agent.toml").read_text("utf-8")
    path.write_text(text)
    with pytest.raises(SettingError, match="publish_token"):
        load({"DASHBOARD_CONFIG": str(path)})
    whole = re.sub(r"(?m)^# (\w+ = )", r"\1", text)
    path.write_text(whole.replace('token = ""', 'token = "a-token-of-this-test"'))
    settings = load({"DASHBOARD_CONFIG": str(path)})
    check(settings)
    assert settings.instance == "/var/lib/vitals"
