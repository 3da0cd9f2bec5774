"""Readers that freeze, dawdle, or never finish what they ask."""

import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.arena import Arena
from tests.faults.conftest import Scale
from tests.faults.patience import PATIENCE, wait_for

STREAM = b"GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
FROZEN = 5
# Bytes that each reader may take that comes back after such large events: a piece, and as it is on
# its way into the socket. On a busy machine many are sent away by them, and a worker keeps the
# memory of its busiest moment.
CAUGHT_UP = 256 << 10


def fill(arena: Arena) -> None:
    """Log more than a socket's buffers hold."""
    for _ in range(20):
        arena.service.append("filling", text="x" * 20_000)


def dropped(arena: Arena) -> float:
    return arena.service.total("vitals_streams_dropped_total", reason="lagging")


def test_readers_freeze(arena: Arena, scale: Scale) -> None:
    def freeze() -> None:
        before = dropped(arena)
        frozen = [arena.service.dial(receive_buffer=4096) for _ in range(FROZEN)]
        for connection in frozen:
            connection.sendall(STREAM)

        def are_dropped() -> bool:
            fill(arena)
            return dropped(arena) - before >= FROZEN

        wait_for(are_dropped, "the frozen readers to be closed")
        for connection in frozen:
            connection.close()

    more = scale.clients * CAUGHT_UP
    arena.run("readers that freeze", freeze, tries=scale.few, more_memory=more)


def test_a_reader_takes_a_byte_a_second(arena: Arena, scale: Scale) -> None:
    def dawdle() -> None:
        before = dropped(arena)
        with arena.service.dial(receive_buffer=4096) as connection:
            connection.sendall(STREAM)
            next_byte = time.monotonic()

            def is_dropped() -> bool:
                nonlocal next_byte
                if time.monotonic() > next_byte:
                    connection.recv(1)
                    next_byte += 1.0
                fill(arena)
                return dropped(arena) > before

            wait_for(is_dropped, "the slow reader to be closed")

    more = scale.clients * CAUGHT_UP
    arena.run("reader at a byte a second", dawdle, tries=scale.few, more_memory=more)


@contextmanager
def connected(arena: Arena, count: int) -> Iterator[list[socket.socket]]:
    connections: list[socket.socket] = []
    try:
        while len(connections) < count:
            connections.append(arena.service.dial())
        yield connections
    finally:
        for connection in connections:
            connection.close()


def read_to_the_end(connections: list[socket.socket]) -> list[bytes]:
    """What is answered to each until the service closes it."""
    answers = dict.fromkeys(connections, b"")
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
        end = time.monotonic() + PATIENCE
        while selector.get_map():
            assert time.monotonic() < end, f"{len(selector.get_map())} are open still"
            for key, _ in selector.select(0.1):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                try:
                    part = ready.recv(1 << 16)
                except ConnectionResetError:
                    part = b""
                answers[ready] += part
                if not part:
                    selector.unregister(ready)
    return list(answers.values())


def test_requests_that_are_half_open(arena: Arena, scale: Scale) -> None:
    def open_half() -> None:
        with connected(arena, scale.half_open) as connections:
            for connection in connections:
                try:
                    connection.sendall(b"GET /str")
                except OSError:
                    continue  # the oldest ones are ended already
            answers = {answer[:10] for answer in read_to_the_end(connections)}
            assert answers <= {b"", b"HTTP/1.1 4"}

    # A worker keeps the memory of the most connections that it ever had at once.
    name = f"{scale.half_open:,} half-open requests"
    arena.warm_up(open_half)
    arena.run(name, open_half, tries=scale.few)


def test_headers_without_end(arena: Arena, scale: Scale) -> None:
    """At full speed, and a line now and then."""

    def send_on() -> None:
        with connected(arena, 20) as connections:
            for connection in connections:
                connection.sendall(b"GET /stream HTTP/1.1\r\nHost: localhost\r\n")
                connection.setblocking(False)
            open_ones = set(connections)
            end = time.monotonic() + PATIENCE
            while open_ones:
                assert time.monotonic() < end, f"{len(open_ones)} are open still"
                for number, connection in enumerate(connections):
                    if connection not in open_ones:
                        continue
                    line = b"X-%d: %s\r\n" % (number, b"x" * (60 if number % 2 else 4000))
                    try:
                        connection.send(line)
                    except BlockingIOError:
                        continue
                    except OSError:
                        open_ones.discard(connection)
                time.sleep(0.05)

    arena.run("headers without end", send_on, tries=scale.few)
