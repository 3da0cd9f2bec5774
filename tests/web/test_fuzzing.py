"""Bytes that are no request, or almost one, in any pieces: no 500, no traceback, no dead worker.

The examples are the same each time. VITALS_FUZZING=N makes N times as many, and other ones.
"""

import os
import random
import re
import socket
import time
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import app
from tests.support.service import Service, running, wait_for

PUBLISH_TOKEN = "publish-me-if-you-can"
TIMES = int(os.environ.get("VITALS_FUZZING", "1"))
PATIENCE = 20.0  # seconds until a connection that asks for nothing more has been ended
FAILURES = {b"500", b"502", b"503", b"504"}
BATCH = 20  # connections at once: each may be kept for a moment after its answer

fuzzed = settings(
    max_examples=300 * TIMES,
    deadline=None,
    database=None,
    derandomize=TIMES == 1,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that is in good health after each test, with the worker that it had before."""
    folder = tmp_path_factory.mktemp("service")
    with running(folder, PUBLISH_TOKEN=PUBLISH_TOKEN) as service:
        service.append("job.step", job="backup", done=1, total=2)
        yield service.wait_until_ready()


@pytest.fixture(autouse=True)
def _healthy(service: Service) -> Iterator[None]:
    workers = service.worker_pids()
    yield
    assert service.get("/healthz").status_code == 200
    assert service.worker_pids() == workers, "the worker has died"
    wait_for(lambda: service.total("vitals_streams") == 0, "the streams to be gone")
    text = service.output.read_text()
    for sign in ("Traceback", "Error handling request", "failed with", "Exception"):
        assert sign not in text, text[max(0, text.index(sign) - 500) :][:3000]


# Requests that are well-formed, to every route.

ROUTES = sorted({rule.rule for rule in app.url_map.iter_rules()})
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW")
KEYS = (
    *("events", "host", "every", "since", "until", "points", "last_event_id", "panels", "screen"),
    *("fields", "lines", "key", "window", "limit", "next", "theme", "agent", "batch", "", "nope"),
)
texts = st.text(max_size=40)
values = st.one_of(
    texts,
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        ["cpu", "box", "1-1", "0-0", "9" * 15 + "-" + "9" * 19, "*", ",", "cpu,,", "NaN"]
    ),
)
parts = st.one_of(
    texts, st.sampled_from(["cpu", "backup", "embed.js", "..", "%2e%2e", "js/pages/wall.js"])
)
header_values = st.one_of(
    st.binary(max_size=60).map(lambda b: re.sub(rb"[\r\n\0]", b"", b).strip()),
    st.sampled_from([b"gzip", b"text/html", b"1-1", b"Bearer x", b"bytes=0-", b"*/*;q=x", b"\xff"]),
)
HEADERS = (
    *("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Content-Type"),
    *(
        "Forwarded",
        "Host",
        "If-Modified-Since",
        "If-None-Match",
        "Last-Event-ID",
        "Origin",
        "Range",
    ),
    *("Referer", "Sec-Fetch-Site", "X-Forwarded-For", "X-Forwarded-Proto", "Idempotency-Key"),
    *("Content-Encoding", "Expect", "Upgrade", "X-Any"),
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    route = draw(st.sampled_from(ROUTES))
    target = re.sub(r"<[^>]+>", lambda _: quote(draw(parts), safe="/%"), route)
    query = draw(st.lists(st.tuples(st.sampled_from(KEYS), values), max_size=4))
    if query:
        target += "?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in query)
    method = draw(st.sampled_from(METHODS))
    headers = draw(st.lists(st.tuples(st.sampled_from(HEADERS), header_values), max_size=5))
    body = draw(st.binary(max_size=200)) if draw(st.booleans()) else b""
    if draw(st.booleans()):
        headers.append(("Authorization", f"Bearer {PUBLISH_TOKEN}".encode()))
    if body:
        headers.append(("Content-Length", str(len(body)).encode()))
    head = [f"{method} {target} HTTP/1.1".encode(), b"Host: localhost", b"Connection: close"]
    head += [name.encode() + b": " + value for name, value in headers]
    return b"\r\n".join([*head, b"", body])


def test_no_request_is_answered_with_500(service: Service) -> None:
    statuses = set()

    @fuzzed
    @given(requests())
    def ask(request: bytes) -> None:
        connection = service.dial()
        connection.sendall(request)
        status = statuses_in(read_and_leave(connection))
        statuses.update(status)
        assert not status & FAILURES

    ask()
    assert statuses >= {b"200", b"400", b"404", b"405"}


# Bytes.

PLAIN = (
    b"GET /stream HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n",
    b"GET /stream?events=cpu&every=1 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n",
    b"GET /stream HTTP/1.0\r\nLast-Event-ID: 1-1\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /history?since=10 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
    b"Content-Type: application/json\r\nContent-Length: 26\r\n\r\n"
    b'{"event":"a","data":{"b":1' % PUBLISH_TOKEN.encode() + b"}}",
    b"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n" % PUBLISH_TOKEN.encode(),
)
NASTY = (
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"%", b"?", b"\xff", b"\xc3\x28", b"%00"),
    *(b"HTTP/9.9", b"Content-Length: -1\r\n", b"Content-Length: 99999999999999999999\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Host: a\r\n"),
    *(b"Expect: 100-continue\r\n", b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n", b"\r\n\r\n"),
    *(b"Last-Event-ID: \xff\r\n", b"Accept-Encoding: " + b"gzip," * 500, b"PRI * HTTP/2.0\r\n"),
    *(b"X: " + b"y" * 9000 + b"\r\n", b"?" + b"a=b&" * 1200, b"ffffffffffffffffff\r\n", b" folded"),
)


def mutated(chance: random.Random) -> bytes:
    """A request, or several on end, with something wrong."""
    text = bytearray(b"".join(chance.choices(PLAIN, k=chance.choice((1, 1, 1, 2, 3)))))
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            text[at:at] = chance.choice(NASTY)
        elif kind == 1:
            del text[at : at + chance.randrange(1, 30)]
        elif kind == 2:
            text[at : at + 1] = bytes([chance.randrange(256)])
        else:
            text[at:at] = text[chance.randrange(len(text) + 1) :][: chance.randrange(60)]
        text = text or bytearray(b"x")
    return bytes(text)


def garbage(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 2000))


def pieces(chance: random.Random, text: bytes) -> list[bytes]:
    """The text in one piece, in a few, or with its last byte apart."""
    cuts = chance.choice(([], [len(text) - 1], [chance.randrange(len(text)) for _ in range(3)]))
    ends = [0, *sorted(cuts), len(text)]
    return [text[start:end] for start, end in pairwise(ends) if start < end]


def talk(service: Service, chance: random.Random, texts: list[bytes]) -> list[bytes]:
    """Send each text on a connection of its own, piece by piece, and read what is answered."""
    connections = [service.dial() for _ in texts]
    waiting = [pieces(chance, text) for text in texts]
    while any(waiting):
        for connection, rest in zip(connections, waiting, strict=True):
            if rest:
                try:
                    connection.sendall(rest.pop(0))
                except OSError:
                    rest.clear()  # it was ended already
        time.sleep(0.002)  # so that the pieces arrive as pieces
    return [read_and_leave(connection) for connection in connections]


def statuses_in(answer: bytes) -> set[bytes]:
    return set(re.findall(rb"^HTTP/1\.[01] (\d{3})", answer, re.MULTILINE))


def read_and_leave(connection: socket.socket) -> bytes:
    """All that is answered before the connection is ended; of a stream the beginning."""
    answer = b""
    with connection:
        try:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(PATIENCE)
            while b"text/event-stream" not in answer and (part := connection.recv(1 << 16)):
                answer += part
        except TimeoutError:
            raise AssertionError("neither answered to its end nor ended") from None
        except OSError:
            pass  # it was ended already
    return answer


@pytest.mark.parametrize("make", [mutated, garbage])
def test_no_bytes_upset_it(service: Service, make: object) -> None:
    assert callable(make)
    chance = random.Random(1 if TIMES == 1 else time.time_ns())
    statuses: set[bytes] = set()
    for _ in range((80 if make is mutated else 20) * TIMES):
        texts = [make(chance) for _ in range(BATCH)]
        for text, answer in zip(texts, talk(service, chance, texts), strict=True):
            found = statuses_in(answer)
            assert not found & FAILURES, (text, answer[:500])
            statuses.update(found)
    assert b"400" in statuses
    if make is mutated:
        assert {b"200", b"404"} <= statuses, "hardly any of these are requests"


@pytest.mark.parametrize(
    "text", [b"GET /stream H\r\n\r\n", b"GET /stream \r\n\r\n", b"GET /stream?\r\n\r\n"]
)
def test_what_only_begins_like_a_request_for_a_stream_is_refused(
    service: Service, text: bytes
) -> None:
    connection = service.dial()
    connection.sendall(text)
    assert statuses_in(read_and_leave(connection)) <= {b"400"}


def test_a_stream_that_was_asked_for_in_any_pieces_is_the_stream(service: Service) -> None:
    """Also when there is more on the connection than one request."""
    chance = random.Random(2)
    whole = PLAIN[0]
    for cut in [*range(1, len(whole), 7), len(whole)]:
        with service.dial() as connection:
            connection.sendall(whole[:cut])
            if cut < len(whole):
                time.sleep(0.002)
                connection.sendall(whole[cut:])
            assert_is_stream(connection)
    for _ in range(10):
        with service.dial() as connection:
            connection.sendall(whole + chance.choice(PLAIN))
            assert_is_stream(connection)


def assert_is_stream(connection: socket.socket) -> None:
    answer = b""
    while b"event: cpu" not in answer:
        part = connection.recv(1 << 16)
        assert part, answer[-300:]
        answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"event: hello") == 1
