"""2,000 streams opened and dropped in every way leave a worker as it was."""

import os
import socket
import struct
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from tests.conftest import WAYS
from tests.support.leaks import memory_of
from tests.support.service import Service, wait_for

Start = Callable[..., Service]

STREAMS = 2000
AT_ONCE = 100
HEAD = "GET /stream?{query} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> dict[str, object]:
    return WAYS[request.param]


def read_until(connection: socket.socket, text: bytes) -> None:
    found = b""
    while text not in found:
        part = connection.recv(65536)
        assert part, "closed by the service"
        found += part


def before_a_byte(connection: socket.socket, query: str) -> None:
    """Connect, and say nothing."""


def half_a_header(connection: socket.socket, query: str) -> None:
    connection.sendall(HEAD.format(query=query)[:30].encode())


def before_the_answer(connection: socket.socket, query: str) -> None:
    connection.sendall(HEAD.format(query=query).encode())


def after_hello(connection: socket.socket, query: str) -> None:
    connection.sendall(HEAD.format(query=query).replace("gzip", "identity").encode())
    read_until(connection, b"event: hello")


def after_an_event(connection: socket.socket, query: str) -> None:
    connection.sendall(HEAD.format(query="events=cpu&" + query).replace("gzip", "br").encode())
    read_until(connection, b"event: cpu")


def by_http_1_0(connection: socket.socket, query: str) -> None:
    connection.sendall(f"GET /stream?{query} HTTP/1.0\r\n\r\n".encode())
    read_until(connection, b"event: hello")


def after_asking_to_resume(connection: socket.socket, query: str) -> None:
    head = HEAD.format(query=query)[:-2] + "Last-Event-ID: 1-1\r\n\r\n"
    connection.sendall(head.encode())
    read_until(connection, b"\r\n\r\n")


def fin(connection: socket.socket) -> None:
    connection.close()


def rst(connection: socket.socket) -> None:
    # With a linger time of zero close(2) sends RST; see socket(7).
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def half_closed(connection: socket.socket) -> None:
    """FIN while the other direction is still open; then the rest."""
    connection.shutdown(socket.SHUT_WR)
    connection.close()


STAGES = (
    before_a_byte,
    half_a_header,
    before_the_answer,
    after_hello,
    after_an_event,
    by_http_1_0,
    after_asking_to_resume,
)
ENDS = (fin, rst, half_closed)
KINDS = [(stage, end) for stage in STAGES for end in ENDS]


def come_and_go(service: Service, count: int) -> None:
    """Open streams, a hundred at a time, and drop each in the next of all ways.

    Those before are mostly gone when others come: Python keeps the memory of as many as there are
    at once, and a busy machine would make that another number each time.
    """
    kinds = cycle(KINDS)
    opened = 0
    (pid,) = service.worker_pids()
    most = len(descriptors(pid)) + AT_ONCE
    while opened < count:
        wait_for(lambda: len(descriptors(pid)) <= most, "the streams before to go")
        held = [(service.dial(), *next(kinds)) for _ in range(AT_ONCE)]
        for number, (connection, stage, _) in enumerate(held):
            # Every second one has a filter, and so a feed, of its own.
            name = f"host=box,h{opened + number}" if number % 2 else "host=box"
            stage(connection, name)
        for connection, _, end in held:
            end(connection)
        opened += AT_ONCE


def descriptors(pid: int) -> list[str]:
    """What a process has open, by kind."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(os.readlink(path).split(":")[0])  # noqa: PTH115 (no Path: "socket:[1]")
        except OSError:
            continue
    return sorted(found)


def wait_until(is_quiet: Callable[[], bool], pid: int, before: list[str]) -> None:
    try:
        wait_for(is_quiet, "the streams to be gone")
    except AssertionError as error:
        more = Counter(descriptors(pid)) - Counter(before)
        raise AssertionError(f"{error}; more: {more}") from None


def test_streams_that_were_dropped_leave_nothing(start_service: Start) -> None:
    service = start_service(INTERVAL=0.2).wait_until_ready()
    (pid,) = service.worker_pids()

    def is_quiet() -> bool:
        return (
            service.total("vitals_streams") == 0
            and service.total("vitals_feeds") == 0
            and not Counter(descriptors(pid)) - Counter(before)
        )

    assert service.total("vitals_log_age_seconds") > 0  # whoever looks back first opens the log
    before = descriptors(pid)
    come_and_go(service, STREAMS)  # Python keeps the memory of the most that there ever were
    wait_until(is_quiet, pid, before)
    size = memory_of(pid)
    opened = service.total("vitals_streams_opened_total")

    come_and_go(service, STREAMS)
    wait_until(is_quiet, pid, before)
    assert service.worker_pids() == [pid]
    assert service.total("vitals_streams_opened_total") - opened > STREAMS / 2
    grown = memory_of(pid) - size
    print(f"grown by {grown / 1024:.0f} KB over {STREAMS} streams")
    # A greenlet left behind would be some 18 KB: 36 MB in all. Python keeps some of its memory.
    assert grown < 6 << 20
    assert "Traceback" not in service.output.read_text()
