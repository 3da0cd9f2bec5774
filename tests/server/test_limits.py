"""Limits: each is counted, and none of them can lock out who asks whether the service is alive."""

import http.client
import os
import select
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import httpx
import pytest

from dashboard.server.connection_guard import bounds
from tests.support.service import Reader, Service, wait_for

Start = Callable[..., Service]
Read = Callable[..., Reader]
HALF = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: "


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with small limits."""
    service = Service(
        tmp_path_factory.mktemp("service"),
        PUBLISH_TOKEN="p" * 20,
        HEADER_TIMEOUT=1,
        MAX_WAITING=20,
        MAX_REQUESTS=3,
        MAX_BODY=2048,
        MAX_REQUEST_LINE=300,
        MAX_HEADERS=12,
        MAX_STREAMS_PER_ADDRESS=4,
        MAX_FEEDS=3,
    )
    yield service.start().wait_until_ready()
    service.close()


def refused(service: Service, reason: str) -> float:
    return service.total("vitals_requests_refused_total", reason=reason)


def answer(connection: socket.socket) -> bytes:
    """All that comes until the connection ends."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def answer_head(connection: socket.socket) -> bytes:
    """The first that comes of an answer."""
    connection.settimeout(20)
    return connection.recv(65536)


# Connections without a request.


def test_a_request_that_does_not_become_whole_is_given_up(service: Service) -> None:
    before = refused(service, "timed_out")
    with ExitStack() as stack:
        beginnings = (b"", b"G", HALF, b"GET /stream HTTP/1.1\r\nHost: ")
        connections = [stack.enter_context(service.dial()) for _ in beginnings]
        for connection, sent in zip(connections, beginnings, strict=True):
            connection.sendall(sent)
        assert [answer(connection) for connection in connections] == [b""] * 4
    assert refused(service, "timed_out") == before + 4


def test_headers_that_drip_have_no_more_time(service: Service) -> None:
    with service.dial() as connection:
        connection.sendall(HALF)
        began = time.monotonic()

        def is_over() -> bool:
            try:
                connection.sendall(b"x")
            except OSError:
                return True
            return False

        wait_for(is_over, "the end of the connection")
        assert time.monotonic() - began >= 0.5


def test_half_open_requests_lock_nobody_out(service: Service) -> None:
    before = refused(service, "evicted")
    with ExitStack() as stack:
        half_open = [stack.enter_context(service.dial()) for _ in range(60)]
        for connection in half_open:
            connection.sendall(HALF)
        assert service.answers()
        assert service.get("/").status_code == 200
        assert service.total("vitals_connections_waiting") <= 20
        assert answer(half_open[0]) == b""  # the oldest had to go
    assert refused(service, "evicted") >= before + 40


def test_an_idle_connection_is_kept_for_a_while(start_service: Start) -> None:
    service = start_service(KEEP_ALIVE=0.7, HEADER_TIMEOUT=30)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    connection.request("GET", "/healthz")  # on the same
    assert connection.getresponse().read() == b"ok\n"
    assert connection.sock is not None
    assert connection.sock.recv(1) == b""  # and then it ends
    connection.close()
    assert refused(service, "timed_out") == 0  # which is nobody's fault
    # One that waits does not hold up the end of the service, however long it might.
    with service.dial() as waiting:
        waiting.sendall(HALF)
        began = time.monotonic()
        service.stop()
        assert time.monotonic() - began < 15


def test_with_few_descriptors_few_may_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    for limit, streams, expected in (
        (resource.RLIM_INFINITY, 16_000, (2000, 1000)),
        (1_000_000, 16_000, (2000, 1000)),
        (1024, 768, (128, 64)),
        (64, 48, (16, 16)),
    ):
        monkeypatch.setattr("resource.getrlimit", lambda _, limit=limit: (limit, limit))
        assert bounds(2000, 1000, streams) == expected


# Requests.


def publish(service: Service, body: bytes, size: int) -> socket.socket:
    """A request to publish, of whose body of `size` bytes so much has come."""
    connection = service.dial()
    connection.sendall(
        b"POST /events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
        + b"p" * 20
        + b"\r\nContent-Length: %d\r\n\r\n" % size
        + body
    )
    return connection


@contextmanager
def locked_log(service: Service) -> Iterator[None]:
    """What is written meanwhile has to wait."""
    with closing(sqlite3.connect(service.log_file, isolation_level=None)) as log:
        log.execute("BEGIN IMMEDIATE")
        yield
        log.execute("ROLLBACK")


def test_a_full_worker_still_says_that_it_is_alive(service: Service) -> None:
    body = b'{"data": {}}'
    with ExitStack() as stack:
        stack.enter_context(locked_log(service))
        for _ in range(3):
            stack.enter_context(publish(service, body, len(body)))

        def is_full() -> httpx.Response | None:
            found = service.get("/history")
            return found if found.status_code == 503 else None

        found = wait_for(is_full, "the limit to be reached")
        assert found.headers["Retry-After"] == "5"
        assert found.headers["Content-Type"] == "application/problem+json"
        assert "3 requests" in found.json()["detail"]
        assert service.answers()
        assert service.get("/readyz").status_code == 200
        assert refused(service, "busy") >= 1
    wait_for(lambda: service.get("/history").status_code == 200, "room again")


def test_a_request_whose_body_does_not_come_holds_no_place(service: Service) -> None:
    before = refused(service, "busy")
    with ExitStack() as stack:
        slow = [stack.enter_context(publish(service, b"{", 100)) for _ in range(12)]
        wait_for(lambda: service.total("vitals_connections_waiting") >= 12, "them to wait")
        assert service.get("/history").status_code == 200
        for connection in slow[:2]:
            connection.sendall(b"}".rjust(99))
            assert b" 422 " in answer_head(connection)  # there is no data
    assert refused(service, "busy") == before


def test_the_address_with_most_waiting_connections_loses_its_oldest(service: Service) -> None:
    def opened(count: int, address: bytes) -> list[socket.socket]:
        head = b"POST /events HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\n" % address
        head += b"Authorization: Bearer %s\r\nContent-Length: 100\r\n\r\n{" % (b"p" * 20)
        found = [stack.enter_context(service.dial()) for _ in range(count)]
        for connection in found:
            connection.sendall(head)
        return found

    before = refused(service, "evicted")
    with ExitStack() as stack:
        modest = opened(2, b"192.0.2.1")
        wait_for(lambda: service.total("vitals_connections_waiting") >= 2, "the modest to wait")
        greedy = opened(40, b"192.0.2.2")
        wait_for(lambda: refused(service, "evicted") >= before + 20, "the limit to be reached")
        assert answer(greedy[0]) == b""
        for connection in modest:
            connection.sendall(b"}".rjust(99))
            assert b" 422 " in answer_head(connection)


@pytest.mark.parametrize(
    ("head", "status", "reason", "word"),
    [
        (
            b"GET /?" + b"a" * 300 + b" HTTP/1.1\r\nHost: localhost",
            414,
            "line",
            b"MAX_REQUEST_LINE",
        ),
        (b"GET / HTTP/1.1" + b"\r\nA: b" * 13, 431, "headers", b"MAX_HEADERS"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * 9000, 431, "headers", b"MAX_HEADERS"),
        (b"GET / HTTP/9.9", 400, "malformed", b"no HTTP"),
        (b"SECRET-IN-IT\x01", 400, "malformed", b"no HTTP"),
        (b"GET / HTTP/1.1\r\nSECRET-IN-IT", 400, "malformed", b"no HTTP"),
    ],
)
def test_a_head_that_cannot_be_taken(
    service: Service, head: bytes, status: int, reason: str, word: bytes
) -> None:
    before = refused(service, reason)
    with service.dial() as connection:
        connection.sendall(head + b"\r\n\r\n")
        told = answer(connection)
    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in told
    assert word in told
    assert b"SECRET" not in told
    assert refused(service, reason) == before + 1


def test_a_body_that_is_too_large_is_counted(service: Service) -> None:
    before = refused(service, "body")
    headers = {"Authorization": f"Bearer {'p' * 20}"}
    for size, status in ((2048, 201), (2049, 413)):
        body = b'{"data": {}}'.ljust(size)
        told = service.request("POST", "/events", content=body, headers=headers)
        assert told.status_code == status
    assert "2048" in told.text
    assert refused(service, "body") == before + 1
    form = service.request("POST", "/sign-in", content=b"token=" + b"x" * 5000)
    assert form.status_code == 413


def test_many_requests_at_once_of_one_client_let_others_in_between(service: Service) -> None:
    """Others wait for one of them, not for all."""
    request, many = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400

    def is_between() -> bool:
        with service.dial() as greedy, service.dial() as modest:
            greedy.sendall(request * many)
            modest.sendall(request)
            assert answer_head(modest).startswith(b"HTTP/1.1 200 ")
            had = greedy.recv(1 << 20).count(b"HTTP/1.1 200 ")
            seen = b""
            while seen.count(b"\nok\n") < many - had - 1:  # one may be in two pieces
                seen += greedy.recv(1 << 16)
            return had < many / 4

    wait_for(is_between, "an answer in between")


def test_thousands_that_come_at_once_let_others_in_between(start_service: Start) -> None:
    """By the order of the answers: whoever else comes does not wait behind all of them."""
    service = start_service(MAX_REQUESTS=4000).wait_until_ready()
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    many = 1500

    def answered_before(path: str, address: str) -> int:
        """How many of a crowd have an answer when one more, who came last, has its own."""
        with ExitStack() as stack:
            crowd = [stack.enter_context(socket.socket()) for _ in range(many)]
            os.kill(service.worker_pids()[0], signal.SIGSTOP)  # they come while it does nothing
            try:
                for connection in crowd:
                    connection.connect(("127.0.0.1", service.port))
                    connection.sendall(request)
                last = stack.enter_context(socket.socket())
                last.bind((address, 0))
                last.connect(("127.0.0.1", service.port))
                last.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode())
            finally:
                os.kill(service.worker_pids()[0], signal.SIGCONT)
            assert b" 200 " in answer_head(last)
            poll = select.poll()
            for connection in crowd:
                poll.register(connection, select.POLLIN)
            return len(poll.poll(0))

    assert answered_before("/healthz", "127.0.0.1") < many / 2
    assert answered_before("/embed", "127.0.0.2") < many / 2


# Streams.


def busy(service: Service, query: str = "", address: str = "") -> str:
    """The reason why a stream finds no place; "" where it finds one."""
    headers = {"X-Forwarded-For": address} if address else {}
    url = f"{service.url}/stream{query}"
    with httpx.stream("GET", url, headers=headers, timeout=20, verify=False) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line.startswith("event: "):
                return "busy" if line == "event: busy" else ""
    raise AssertionError("nothing came")


@pytest.mark.parametrize("first_bytes", [b"", b"Accept-Encoding: gzip\r\n"])
def test_an_address_has_so_many_streams(service: Service, first_bytes: bytes) -> None:
    def dropped() -> float:
        return service.total("vitals_streams_dropped_total", reason="address")

    wait_for(lambda: service.total("vitals_streams") == 0, "no streams")
    before = dropped()
    with ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(service.dial())
            head = b"Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n" + first_bytes
            connection.sendall(b"GET /stream HTTP/1.1\r\n" + head + b"\r\n")
            assert connection.recv(100)
        wait_for(lambda: service.total("vitals_streams") == 4, "four streams")
        assert busy(service, address="192.0.2.1") == "busy"
        assert busy(service, address="192.0.2.2") == ""
        assert dropped() == before + 1
        assert service.answers()
    wait_for(lambda: service.total("vitals_streams") == 0, "no streams")
    assert busy(service, address="192.0.2.1") == ""


def test_so_many_distinct_filters(service: Service) -> None:
    wait_for(lambda: service.total("vitals_streams") == 0, "no streams")
    with ExitStack() as stack:
        for name in ("a", "b", "c"):
            connection = stack.enter_context(service.dial())
            connection.sendall(
                f"GET /stream?events={name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
            )
            assert connection.recv(100)
        wait_for(lambda: service.total("vitals_feeds") == 3, "three feeds")
        assert busy(service, "?events=d", "192.0.2.9") == "busy"
        assert busy(service, "?events=a", "192.0.2.9") == ""
        assert service.total("vitals_streams_dropped_total", reason="feeds") == 1
