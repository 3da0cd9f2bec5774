"""What comes to a worker before it is a request of the application, and how much there may be.

A connection without a whole request costs a greenlet and a descriptor, and anybody can make them:
by the thousand, and one byte a minute. So each has a time in which its request has to be whole, and
where too many wait, the one that has waited longest goes: whoever means it asks again, and
whoever comes next always finds a place. Requests at work are counted as well; beyond their limit
the answer is 503, but never for those who ask whether the service is alive. Streams have limits of
their own (`admission.py`).

gunicorn has none of this for its gevent workers, and no place for it; what is replaced in a worker
stands in `take_over` alone.
"""

import contextlib
import logging
import resource
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import msgspec
from gevent import monkey
from gevent.event import Event as Flag
from gevent.server import StreamServer

from dashboard.telemetry.counters import Instruments

logger = logging.getLogger(__name__)

_SOCKET: Any = monkey.get_original("socket", "socket")
_LOOK = 0.2  # seconds between two looks at the clock, while anybody waits
_LAST_CHANCE = 1.0  # seconds that a worker which is told to go waits for requests under way
_RETRY_AFTER = 5
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics"})
_STREAMS = ("/stream", "/progress/")
# gunicorn's own names for what can't be taken.
_LIMITS = {
    "LimitRequestLine": ("line", 414, "URI Too Long", "MAX_REQUEST_LINE"),
    "LimitRequestHeaders": ("headers", 431, "Request Header Fields Too Large", "MAX_HEADERS"),
}


class _Arrival:
    __slots__ = ("deadline", "descriptor", "seconds")

    def __init__(self, descriptor: int, seconds: float) -> None:
        self.descriptor = descriptor  # which TLS takes over, when it wraps the socket
        self.seconds = seconds  # that its next request may take to come
        self.deadline = 0.0


class ConnectionGuard:
    """The connections of one worker that have no request yet, and its requests at work."""

    def __init__(
        self,
        *,
        header_timeout: float,
        keep_alive: float,
        most_waiting: int,
        most_requests: int,
        instruments: Instruments,
    ) -> None:
        """Times are seconds."""
        self.requests = 0
        self._header_timeout = header_timeout
        self._keep_alive = keep_alive
        self._most_waiting = most_waiting
        self._most_requests = most_requests
        self._refused = instruments.requests_refused
        self._gauge = instruments.connections_waiting
        self._arrivals: dict[Any, _Arrival] = {}  # by the greenlet that serves the connection
        self._waiting: dict[_Arrival, None] = {}  # in the order in which they began to
        self._somebody_waits = Flag()
        self._stopping = False

    def take_over(self, worker: Any) -> None:
        """Stand between gunicorn's gevent worker and its connections."""
        worker.handle = self._around_connections(worker.handle)
        worker.timeout_ctx = self._awaiting
        worker.handle_request = self._around_requests(worker.handle_request)
        worker.handle_error = self._around_errors(worker.handle_error)
        around = self._around_handshakes(StreamServer.wrap_socket_and_handle)
        StreamServer.wrap_socket_and_handle = around  # type: ignore[method-assign]
        gevent.spawn(self._keep_time)

    def stop(self) -> None:
        """Let go soon of who has not asked for anything."""
        self._stopping = True
        soon = time.monotonic() + _LAST_CHANCE
        for arrival in self._waiting:
            arrival.deadline = min(arrival.deadline, soon)

    def _around_connections(self, handle: Callable[..., None]) -> Callable[..., None]:
        def handle_connection(listener: Any, client: Any, address: Any) -> None:
            with self._arriving(client):
                handle(listener, client, address)

        return handle_connection

    def _around_handshakes(self, wrap_and_handle: Callable[..., Any]) -> Callable[..., Any]:
        def wrap_and_handle_connection(server: Any, client: Any, address: Any) -> Any:
            with self._arriving(client):
                return wrap_and_handle(server, client, address)

        return wrap_and_handle_connection

    @contextlib.contextmanager
    def _arriving(self, client: Any) -> Iterator[None]:
        """Around all that the greenlet of a connection does; the outermost one counts."""
        greenlet = gevent.getcurrent()
        if greenlet in self._arrivals:
            yield
            return
        arrival = self._arrivals[greenlet] = _Arrival(client.fileno(), self._header_timeout)
        self._wait(arrival)
        try:
            yield
        finally:
            del self._arrivals[greenlet]
            self._stop_waiting(arrival)

    @contextlib.contextmanager
    def _awaiting(self) -> Iterator[None]:
        """Around the reading of a request's head, in the greenlet of its connection."""
        arrival = self._arrivals.get(gevent.getcurrent())
        if arrival is None:
            yield
            return
        if arrival not in self._waiting:  # at first it does already, through TLS
            self._wait(arrival)
        yield
        self._stop_waiting(arrival)
        arrival.seconds = self._keep_alive

    def _around_requests(self, handle_request: Callable[..., Any]) -> Callable[..., Any]:
        def handle_if_few(listener: Any, request: Any, connection: Any, address: Any) -> Any:
            if request.path in _ALWAYS or request.path.startswith(_STREAMS):
                return handle_request(listener, request, connection, address)
            if self.requests >= self._most_requests:
                self._refused.labels("busy").inc()
                detail = f"this worker answers {self._most_requests} requests already"
                connection.sendall(_problem(503, "Service Unavailable", detail))
                raise StopIteration  # gunicorn's word for: close it
            self.requests += 1
            try:
                return handle_request(listener, request, connection, address)
            finally:
                self.requests -= 1

        return handle_if_few

    def _around_errors(self, handle_error: Callable[..., None]) -> Callable[..., None]:
        def handle_or_count(request: Any, client: Any, address: Any, error: BaseException) -> None:
            kind = type(error)
            if not kind.__module__.startswith("gunicorn.http"):
                handle_error(request, client, address, error)
                return
            # What is wrong in it is not repeated, neither here nor in the answer: keys may be.
            reason, status, title, setting = _LIMITS.get(
                kind.__name__, ("malformed", 400, "Bad Request", "")
            )
            self._refused.labels(reason).inc()
            logger.debug("refused a request: %s", kind.__name__)  # strangers could fill a disk
            detail = f"longer than {setting} allows" if setting else f"no HTTP ({kind.__name__})"
            with contextlib.suppress(OSError):
                client.sendall(_problem(status, title, detail))

        return handle_or_count

    def _wait(self, arrival: _Arrival) -> None:
        if len(self._waiting) >= self._most_waiting:
            self._end(next(iter(self._waiting)), "evicted")
        seconds = min(arrival.seconds, _LAST_CHANCE) if self._stopping else arrival.seconds
        arrival.deadline = time.monotonic() + seconds
        self._waiting[arrival] = None
        self._gauge.set(len(self._waiting))
        self._somebody_waits.set()

    def _stop_waiting(self, arrival: _Arrival) -> None:
        self._waiting.pop(arrival, None)
        self._gauge.set(len(self._waiting))

    def _end(self, arrival: _Arrival, reason: str) -> None:
        """End a connection: its greenlet, which reads, sees that nothing more will come."""
        self._stop_waiting(arrival)
        # An idle one has done nothing wrong.
        if reason == "evicted" or arrival.seconds == self._header_timeout:
            self._refused.labels(reason).inc()
        with contextlib.suppress(OSError):
            connection = _SOCKET(fileno=arrival.descriptor)  # TLS would want to say goodbye
            try:
                connection.shutdown(socket.SHUT_RDWR)
            finally:
                connection.detach()

    def _keep_time(self) -> None:
        while True:
            self._somebody_waits.wait()
            now = time.monotonic()
            for arrival in [each for each in self._waiting if each.deadline <= now]:
                self._end(arrival, "timed_out")
            if not self._waiting:
                self._somebody_waits.clear()
            gevent.sleep(_LOOK)


def bounds(most_waiting: int, most_requests: int, streams: int) -> tuple[int, int]:
    """How many connections may wait, and be at work, with the descriptors that streams leave."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return most_waiting, most_requests
    spare = max(limit - streams, 0)
    return min(most_waiting, max(16, spare // 2)), min(most_requests, max(16, spare // 4))


def _problem(status: int, title: str, detail: str) -> bytes:
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    body = msgspec.json.encode(document)
    retry = f"Retry-After: {_RETRY_AFTER}\r\n" if status == 503 else ""
    head = (
        f"HTTP/1.1 {status} {title}\r\nContent-Type: application/problem+json\r\n"
        f"X-Content-Type-Options: nosniff\r\n{retry}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
