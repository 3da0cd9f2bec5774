"""`flask doctor`: what it finds in streams that are broken on purpose; in sound ones nothing.

docs/cli.md shows an answer.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dashboard.cli.doctor import doctor as command
from dashboard.client.sse_parser import Message
from dashboard.doctor import Finding, examine, flow, head, probe
from dashboard.doctor.observation import Chunk, Handshake, Observation, Response
from tests.support.proxies import Caddy, Nginx, Proxy, free_port
from tests.support.service import ROOT, Service
from tests.support.sick_streams import Sick

SECONDS = 3.0
EVENTS = "/stream?events=cpu,memory,load,network,disk"
STRANGER = "https://stranger.example"


class Buffering(Nginx):
    """An nginx that holds the answer back, whatever the service says."""

    def changed(self, site: str) -> str:
        line = "proxy_buffering off;"
        assert site.count(line) == 1
        return site.replace(line, "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;")


class Compressing(Buffering):
    """One that compresses event streams, too."""

    def changed(self, site: str) -> str:
        line = "gzip off;"
        assert site.count(line) == 1
        on = "gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_proxied any;"
        return super().changed(site.replace(line, on))


@pytest.fixture(scope="module")
def sick() -> Iterator[Sick]:
    server = Sick()
    yield server
    server.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("service"), INTERVAL=0.2)
    yield service.start().wait_until_ready()
    service.close()


@pytest.fixture(scope="module")
def behind(
    service: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[type[Proxy], Proxy]]:
    """The service behind proxies, sound ones and broken ones."""
    folder = tmp_path_factory.mktemp("proxies")
    uncompressed = Service(tmp_path_factory.mktemp("uncompressed"), INTERVAL=0.2, GZIP="off")
    uncompressed.start().wait_until_ready()
    proxies: dict[type[Proxy], Proxy] = {}
    for kind in (Nginx, Caddy, Buffering, Compressing):
        port = uncompressed.port if kind is Compressing else service.port
        proxies[kind] = kind(folder / kind.__name__, port)
        proxies[kind].start()
    yield proxies
    for proxy in proxies.values():
        proxy.stop()
    uncompressed.close()


ILLNESSES = {
    "well": None,
    "wrong-status": ("status", "503: away"),
    "wrong-type": ("content type", "text/html"),
    "cached": ("caching", "Cache-Control is missing"),
    "buffering": ("buffering", "late or more|within an event"),
    "gzip": ("compression", "gzip holds events back"),
    "silent": ("heartbeat", "Nothing came for 3 s"),
    "ending": ("end", "The server ended the stream after"),
    "limited": ("end", "An answer is ended after 1.. s, twice"),
    "moved": None,
    "": None,
    "no-ids": ("resume", "have no ids"),
    "no-resume": ("resume", "the server sent . of them"),
    "doubling": ("resume", "come again that the reader has had"),
}


def look(url: str, **options: Any) -> list[Finding]:
    return examine(probe(url, seconds=SECONDS, **options))


@pytest.fixture(scope="module")
def found(sick: Sick, behind: dict[type[Proxy], Proxy]) -> dict[str, list[Finding]]:
    """What it says of all that is looked at here, at the same time."""
    with ThreadPoolExecutor(len(ILLNESSES) + 5) as threads:
        futures: dict[str, Future[list[Finding]]] = {
            name: threads.submit(look, f"{sick.url}/{name}") for name in ILLNESSES
        }
        for kind in (Buffering, Compressing):
            url = behind[kind].url + EVENTS
            futures[kind.__name__] = threads.submit(look, url, origin=STRANGER)
        for who in (STRANGER, "https://welcome.example"):
            futures[who] = threads.submit(look, f"{sick.url}/well", origin=who)
        return {name: future.result() for name, future in futures.items()}


def problems(findings: list[Finding]) -> dict[str, str]:
    assert all(finding.advice for finding in findings if finding.level == "problem")
    return {finding.check: finding.text for finding in findings if finding.level == "problem"}


@pytest.mark.parametrize("illness", ILLNESSES)
def test_it_finds_what_is_wrong_and_nothing_else(
    illness: str, found: dict[str, list[Finding]], sick: Sick
) -> None:
    expected = ILLNESSES[illness]
    its = problems(found[illness])
    if expected is None:
        assert its == {}
        return
    check, text = expected
    if not re.search(text, its.get(check, "")):
        its = problems(look(f"{sick.url}/{illness}"))  # alone, as a busy machine is late for many
    assert set(its) == {check}
    assert re.search(text, its[check]), its[check]


def test_it_follows_redirects_and_says_so(sick: Sick, found: dict[str, list[Finding]]) -> None:
    finding = found["moved"][0]
    assert (finding.check, finding.level) == ("redirect", "note")
    assert finding.text == f"{sick.url}/moved leads on to {sick.url}/well."
    assert "redirect" not in {finding.check for finding in found["well"]}


def test_a_token_does_not_follow_a_redirect_to_another_server(sick: Sick) -> None:
    other = Sick()
    try:
        sick.elsewhere = other.url.replace("127.0.0.1", "localhost")
        observation = probe(f"{sick.url}/lost", seconds=1, token="a-token-of-this-test")
    finally:
        other.close()
    assert observation.url == f"{sick.elsewhere}/well"
    assert observation.plain.is_stream
    assert other.tokens == {None}


def test_of_a_page_the_stream_below_it_is_looked_at_where_there_is_one(sick: Sick) -> None:
    """The Vitals of an address has its stream there; others may have theirs at / itself."""
    assert probe(f"{sick.url}/", seconds=1).url == f"{sick.url}/stream"
    assert probe(f"{sick.url}/bare/", seconds=1).url == f"{sick.url}/bare/"
    page = probe(f"{sick.url}/wrong-type/", seconds=1)
    assert (page.url, page.plain.is_stream) == (f"{sick.url}/wrong-type/", False)


def test_it_finds_an_nginx_that_buffers(found: dict[str, list[Finding]]) -> None:
    its = problems(found["Buffering"])
    assert set(its) & {"buffering", "first byte"}
    advice = [f.advice for f in found["Buffering"] if f.check in ("buffering", "first byte")]
    assert any("proxy_buffering off" in text for text in advice)


def test_it_finds_an_nginx_that_compresses_and_holds_back(found: dict[str, list[Finding]]) -> None:
    finding = next(one for one in found["Compressing"] if one.check == "compression")
    assert finding.level == "problem"
    assert "back: " in finding.text
    assert "gzip_types" in finding.advice


def test_it_finds_a_closed_origin(found: dict[str, list[Finding]]) -> None:
    closed = "Pages of https://stranger.example may not read it: the answer allows no other origin."
    assert problems(found["Buffering"])["origin"] == closed
    assert problems(found[STRANGER]) == {"origin": closed}
    assert problems(found["https://welcome.example"]) == {}


def test_a_certificate_that_nobody_trusts_is_told_and_the_rest_looked_at(
    found: dict[str, list[Finding]],
) -> None:
    assert "It is not trusted: self-signed certificate." in problems(found["Buffering"]).values()
    assert next(f for f in found["Buffering"] if f.check == "connections").level == "ok"


# --- the command ---------------------------------------------------------------------------------


def doctor(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("DASHBOARD_")}
    return subprocess.run(
        [sys.executable, "-m", "vitals", "doctor", *arguments],
        cwd=ROOT,
        env=environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("kind", [Nginx, Caddy])
def test_our_own_files_pass(behind: dict[type[Proxy], Proxy], kind: type[Proxy]) -> None:
    proxy = behind[kind]
    # On a busy machine the first event may be late: it is looked at for longer, then.
    for seconds in ("2", "10"):
        done = doctor(proxy.url, "--json", "--seconds", seconds, SSL_CERT_FILE=str(proxy.authority))
        answer = json.loads(done.stdout)
        if answer["ok"]:
            break
    assert answer["ok"] is True, done.stdout
    assert done.returncode == 0
    assert answer["url"] == f"{proxy.url}/stream"
    levels = {finding["check"]: finding["level"] for finding in answer["findings"]}
    assert {check for check, level in levels.items() if level == "ok"} == {
        *("status", "content type", "first byte", "buffering", "compression", "heartbeat"),
        *("resume", "caching", "connections", "certificate", "clock"),
    }


def test_in_words_with_a_token_and_a_status_for_scripts(
    make_service: Callable[..., Service], tmp_path: Path
) -> None:
    token = "a-token-of-this-test"
    service = make_service(READ_TOKEN=token, INTERVAL=0.2).start().wait_until_ready()
    file = tmp_path / "token"
    file.write_text(token)
    refused = doctor(service.url, "--seconds", "1")
    assert refused.returncode == 1
    assert "PROBLEM  status" in refused.stdout
    assert "→ It wants to know who asks" in refused.stdout
    fine = doctor(f"{service.url}{EVENTS}", "--seconds", "2", "--token-file", str(file))
    assert fine.returncode == 0, fine.stdout
    assert "PROBLEM" not in fine.stdout
    assert "   note  connections   HTTP/1.1" in fine.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ftp://a.example/",), "wanted is a URL such as"),
        (("http://user:password@a.example/",), "wanted is a URL such as"),
        (("http://a.example:99999/",), "wanted is a URL such as"),
        (("http://a.example/", "--origin", "a.example"), "allowed is one such as"),
        (("http://a.example/", "--seconds", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_looked_at_ends_with_two(arguments: tuple[str, ...], says: str) -> None:
    done = CliRunner().invoke(command, list(arguments))
    assert done.exit_code == 2
    assert says in done.output


def test_a_server_that_is_not_there_ends_with_two() -> None:
    done = doctor(f"http://127.0.0.1:{free_port()}/")
    assert done.returncode == 2
    assert "Connection refused" in done.stderr
    assert done.stdout == ""


# --- the checks, by what was observed -------------------------------------------------------------

STREAM = {"content-type": "text/event-stream", "cache-control": "no-cache, no-transform"}
BEGAN = 1795350000.0


def response(*chunks: Chunk, **fields: Any) -> Response:
    known: dict[str, Any] = {"began": BEGAN, "headers": STREAM, "chunks": chunks}
    return Response(**(known | fields))


def event(at: float, own: float | None = None, **fields: Any) -> Chunk:
    """An event that arrives so long after the request, and happened then."""
    time = {} if own is None else {"time": BEGAN + own}
    return Chunk(at, (Message("cpu", json.dumps(time | fields), None),))


def hello(at: float = 0.0, **fields: Any) -> Chunk:
    return Chunk(at, (Message("hello", json.dumps(fields), None),))


def observation(plain: Response, **fields: Any) -> Observation:
    return Observation("http://a.example/stream", plain, **fields)


def level(finding: Finding | None) -> str | None:
    return finding.level if finding else None


@pytest.mark.parametrize(
    ("arrivals", "every", "expected"),
    [
        ([(n + 0.02, n) for n in range(1, 9)], 0, False),
        ([(n // 4 * 4 + 4, n) for n in range(1, 9)], 0, True),  # two clumps
        ([(9.0, n) for n in range(1, 9)], 0, True),  # one
        ([(n // 4 * 4 + 4, n) for n in range(1, 9)], 4, False),  # as the URL asks
        ([(n + 0.02, n - 3600) for n in range(1, 9)], 0, False),  # what happened before we came
        ([*((n + 0.02, n) for n in range(1, 9)), (9.0, 4)], 0, False),  # a single late one
    ],
)
def test_clumps(arrivals: list[tuple[float, float]], every: float, expected: bool) -> None:
    held = flow.held_back(response(*(event(at, own) for at, own in arrivals)), every)
    assert (held is not None) == expected


def test_a_stream_that_stands_still_within_an_event_is_buffered() -> None:
    torn = [Chunk(at, (), is_full=False) for at in (0.1, 2.0, 4.0)]
    assert "3 times the stream stood still" in str(flow.held_back(response(*torn)))
    quick = [Chunk(at / 100, (), is_full=False) for at in range(999)]
    assert flow.held_back(response(*quick)) is None


def test_a_clock_that_is_wrong_does_not_look_like_buffering() -> None:
    chunks = [hello(time=BEGAN + 900), *(event(n + 0.02, n + 900) for n in range(1, 9))]
    finding = head.clock(observation(response(*chunks)))
    assert finding
    assert finding.text == "The server's clock is 900 s ahead of this machine's."
    assert flow.held_back(response(*chunks)) is None
    never = response(headers=STREAM | {"date": f"Sun, 22 Nov {9**40} 10:00:00 GMT"})
    assert never.server_time is None
    by_header = response(headers=STREAM | {"date": "Sun, 22 Nov 2026 10:00:00 GMT"})
    assert "behind" in str(head.clock(observation(by_header)))
    assert head.clock(observation(response())) is None


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        (response(hello(heartbeat=15)), "ok"),
        (response(hello(heartbeat=60)), "problem"),
        (response(hello(heartbeat=2)), "problem"),  # it says so, and was silent for 10
        (response(event(0)), "problem"),
        (response(event(0), event(5)), "ok"),
        (response(event(0), Chunk(5, ())), "ok"),  # a comment
        (response(*(event(n * 58) for n in range(3)), seconds=120.0), "problem"),
    ],
)
def test_silence(plain: Response, expected: str) -> None:
    assert level(flow.heartbeat(observation(plain))) == expected


def with_ids(*ids: str) -> Response:
    return response(*(Chunk(0.0, (Message("cpu", "{}", one),)) for one in ids))


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        ("345", "ok"),
        ("34567", "ok"),
        ("3x45", "ok"),  # of another feed, which nobody had seen
        ("", "problem"),
        ("5", "problem"),
        ("354", "problem"),
        ("2345", "problem"),
        ("33455", "problem"),
    ],
)
def test_resuming(came: str, expected: str) -> None:
    finding = flow.resume(
        observation(with_ids(*"12345"), resumed=with_ids(*came), resumed_after="2")
    )
    assert finding.level == expected


@pytest.mark.parametrize(
    ("handshake", "connections", "certificate"),
    [
        (None, "note", None),
        (Handshake("h2", 60), "ok", "ok"),
        (Handshake("http/1.1", 60), "problem", "ok"),
        (Handshake("h2", 13), "ok", "problem"),
        (Handshake("h2", -1), "ok", "problem"),
        (Handshake("h2", 0.4, lifetime=0.5), "ok", "ok"),
        (Handshake("h2", 0.05, lifetime=0.5), "ok", "problem"),
        (Handshake("h2", trouble="certificate has expired"), "ok", "problem"),
        (Handshake(None), "problem", None),
    ],
)
def test_connections_and_certificates(
    handshake: Handshake | None, connections: str, certificate: str | None
) -> None:
    one = observation(response(), handshake=handshake)
    assert (level(head.connections(one)), level(head.certificate(one))) == (
        connections,
        certificate,
    )


@pytest.mark.parametrize("status", [None, 204, 301, 400, 401, 404, 429, 500])
def test_a_status_that_ends_an_event_source(status: int | None) -> None:
    findings = examine(observation(response(status=status)))
    assert [finding.check for finding in findings] == ["status"]
    assert findings[0].level == "problem"
    assert findings[0].advice


def test_a_limit_is_told_from_an_end() -> None:
    def advice(**fields: Any) -> str:
        finding = flow.end(observation(response(ended=15.0, seconds=20.0), **fields))
        assert finding
        assert finding.level == "problem"
        return finding.advice

    assert "Envoy" in advice(again=response(ended=15.1, seconds=16.0))
    assert "Envoy" not in advice(again=response(ended=3.0, seconds=16.0))
    assert "Envoy" not in advice(again=response(seconds=16.0))
    assert "Envoy" not in advice()


def test_a_full_server_is_told_from_one_that_breaks() -> None:
    full = response(Chunk(0.0, (Message("busy", "{}", None),)), ended=0.1)
    assert "full" in str(flow.end(observation(full)))
