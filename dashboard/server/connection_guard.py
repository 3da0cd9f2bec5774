"""Bounds on the connections of one worker: how long each may wait, and how many may.

A connection without a whole request costs a greenlet and a descriptor, and anybody can make them:
by the thousand, and one byte a minute. So a connection *waits* while its client owes something: a
TLS handshake, a request's head, its body, or the reading of its answer. Each of these has a time.
Where too many wait, the oldest of the address that has most of them is closed, so that the next
client always finds a place. A request that waits holds no place among the requests at work; beyond
the limit of those the answer is 503, but never for who asks whether the service is alive. Streams
have limits of their own (`streaming/limits.py`).
"""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator
from typing import Any

import gevent
from gevent.event import Event as Flag

from dashboard.server.connection import MOST_HEAD, PLAIN_SOCKET, Connection, Waiting
from dashboard.telemetry.counters import Instruments

_LOOK = 0.2  # seconds between two looks at the clock, while anybody waits
_LAST_CHANCE = 1.0  # seconds that a worker which is told to go waits for requests under way
_SLOWEST = 16 << 10  # bytes a second at which an answer has to be taken, in addition to its time
_GRACE = 1.0  # seconds after which a body is given up, should the application not have done it


class ConnectionGuard:
    """The connections of one worker that wait for their clients, and its requests at work."""

    def __init__(
        self,
        *,
        header_timeout: float,
        body_timeout: float,
        keep_alive: float,
        most_waiting: int,
        most_requests: int,
        instruments: Instruments,
    ) -> None:
        """Times are seconds."""
        self.requests = 0
        self.most_requests = most_requests
        self._header_timeout = header_timeout
        self._body_timeout = body_timeout
        self._keep_alive = keep_alive
        self.most_waiting = most_waiting
        self._refused = instruments.requests_refused
        instruments.connections_waiting.set_function(lambda: len(self._waiting))
        self._connections: dict[Any, Connection] = {}  # by the greenlet that serves it
        self._waiting = Waiting()
        self._anybody_waits = Flag()
        self._stopping = False

    def start(self) -> None:
        """Watch the clock, in a greenlet."""
        gevent.spawn(self._keep_time)

    def stop(self) -> None:
        """Give what waits one more second: the worker has to go."""
        self._stopping = True
        soon = time.monotonic() + _LAST_CHANCE
        for connection in self._waiting:
            connection.deadline = min(connection.deadline, soon)

    def open(self, client: Any, peer: str) -> Connection:
        """Return the connection of this greenlet, which `close` has to be called for as often."""
        greenlet = gevent.getcurrent()
        connection = self._connections.get(greenlet)
        if connection is None:
            connection = self._connections[greenlet] = Connection(client.fileno(), peer)
            self._wait(connection, self._header_timeout)
        connection.depth += 1
        return connection

    def close(self, connection: Connection) -> None:
        """Forget a connection, when its outermost handler has ended."""
        connection.depth -= 1
        if not connection.depth:
            del self._connections[gevent.getcurrent()]
            self._waiting.discard(connection)

    def awaiting_head(self) -> "_AwaitingHead":
        """Around the reading of a request's head, in the greenlet of its connection."""
        return _AwaitingHead(self, self._connections[gevent.getcurrent()])

    def begin_head(self, connection: Connection) -> None:
        """Count a connection as waiting for a head; at first it does already, through TLS."""
        connection.head_left = MOST_HEAD
        if connection not in self._waiting:
            self._wait(connection, self._keep_alive)

    def end_head(self, connection: Connection) -> None:
        """Count a connection as one with a request."""
        self._waiting.discard(connection)
        connection.head_left = None
        connection.had_request = True

    def awaiting_body(self, connection: Connection) -> contextlib.AbstractContextManager[None]:
        """Around a read that blocks until more of a request's body comes."""
        now = time.monotonic()
        if not connection.body_by:
            connection.body_by = now + self._body_timeout + _GRACE
        return self._waiting_client(connection, connection.body_by - now)

    def awaiting_reader(
        self, connection: Connection, size: int
    ) -> contextlib.AbstractContextManager[None]:
        """Around a write that blocks until the client has taken `size` bytes of its answer."""
        return self._waiting_client(connection, self._body_timeout + size / _SLOWEST)

    def begin_work(self, connection: Connection) -> bool:
        """Count a request as one at work; False, and counted as refused, where too many are."""
        if self.requests >= self.most_requests:
            self.count_refused("busy")
            return False
        self.requests += 1
        connection.works = True
        return True

    def end_work(self, connection: Connection) -> None:
        """Make room for another request."""
        if connection.works:
            self.requests -= 1
            connection.works = False

    def count_refused(self, reason: str) -> None:
        """Count a request or a connection that a limit ended."""
        self._refused.labels(reason).inc()

    @contextlib.contextmanager
    def _waiting_client(self, connection: Connection, seconds: float) -> Iterator[None]:
        self.requests -= connection.works
        self._wait(connection, seconds)
        try:
            yield
        finally:
            self._waiting.discard(connection)
            self.requests += connection.works

    def _wait(self, connection: Connection, seconds: float) -> None:
        if len(self._waiting) >= self.most_waiting:
            self._end(self._waiting.oldest_of_the_greediest(), "evicted")
        if self._stopping:
            seconds = min(seconds, _LAST_CHANCE)
        connection.deadline = time.monotonic() + seconds
        self._waiting.add(connection)
        self._anybody_waits.set()

    def _end(self, connection: Connection, reason: str) -> None:
        """End a connection: its greenlet, which reads or writes, sees that its client has gone."""
        self._waiting.discard(connection)
        if reason == "evicted" or not connection.is_idle:
            self.count_refused(reason)
        with contextlib.suppress(OSError):
            plain = PLAIN_SOCKET(fileno=connection.descriptor)  # TLS would want to say goodbye
            try:
                plain.shutdown(socket.SHUT_RDWR)
            finally:
                plain.detach()

    def _keep_time(self) -> None:
        while True:
            self._anybody_waits.wait()
            now = time.monotonic()
            for connection in [each for each in self._waiting if each.deadline <= now]:
                self._end(connection, "timed_out")
            if not self._waiting:
                self._anybody_waits.clear()
            gevent.sleep(_LOOK)


class _AwaitingHead:
    """A context manager; contextlib's costs more, and there is one for each request."""

    __slots__ = ("_connection", "_guard")

    def __init__(self, guard: ConnectionGuard, connection: Connection) -> None:
        self._guard = guard
        self._connection = connection

    def __enter__(self) -> None:
        self._guard.begin_head(self._connection)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._guard.end_head(self._connection)


def bounds(most_waiting: int, most_requests: int, streams: int) -> tuple[int, int]:
    """Return how many connections may wait, and be at work, with the descriptors streams leave."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return most_waiting, most_requests
    spare = max(limit - streams, 0)
    return min(most_waiting, max(16, spare // 2)), min(most_requests, max(16, spare // 4))
