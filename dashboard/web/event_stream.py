"""`event_stream`: any iterator of events as a correct Server-Sent Events response.

The iterator runs in a greenlet of its own, one event ahead at most, so that the response can send
heartbeats while it is silent and can let go of it, with its `finally` blocks run, once the reader
has left. An iterator that blocks without gevent knowing (a C library's wait) holds up the worker.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from weakref import WeakSet

import gevent
from flask import Response, copy_current_request_context, has_request_context
from gevent.event import Event as Flag
from werkzeug.datastructures import Headers

from dashboard.events.encoded import control_event
from dashboard.events.sse import ServerSentEvent, encode

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Accel-Buffering", "no"),  # nginx would gather events in its buffers otherwise
)

_open: "WeakSet[_Pump]" = WeakSet()


def event_stream(
    events: Iterable[ServerSentEvent | str],
    *,
    heartbeat: float = 15.0,
    retry: int | None = None,
) -> Response:
    """Answer a Flask view with the events of an iterator, each sent as soon as it comes.

    A `str` is sent as an unnamed event; a `ServerSentEvent` may have a name, an id, a retry time.
    While the iterator is silent, an event `heartbeat` (the time, no id) goes out every `heartbeat`
    seconds. `retry` is the pause in milliseconds after which a browser comes back.

    When the iterator ends the response ends; EventSource then comes back by itself, so a stream
    that is over for good ends with an event at which the page calls `close()`, or is answered with
    204 the next time. An exception of the iterator breaks the response off and is logged. When
    the reader leaves, the iterator is closed. The iterator may use Flask's `request`.
    """
    return EventStreamResponse(_blocks(events, heartbeat, retry))


class _Headers(Headers):
    """Headers that are known to be in order."""

    def __init__(self, headers: list[tuple[str, str]]) -> None:
        self._list = headers


class EventStreamResponse(Response):
    """A response over blocks that are already encoded.

    Its length is not known and its headers are whole, so nothing is left for werkzeug to work out,
    which counts when ten thousand streams come back at once.
    """

    default_mimetype = None

    def __init__(self, blocks: Iterable[bytes], headers: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(headers=_Headers([*HEADERS, *headers]), direct_passthrough=True)
        self._blocks = blocks

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers as they are: werkzeug has nothing to add."""
        return self.headers

    def get_app_iter(self, environ: "WSGIEnvironment") -> Iterable[bytes]:
        """Return the blocks; none for HEAD, which closes them unread."""
        if environ["REQUEST_METHOD"] == "HEAD":
            close = getattr(self._blocks, "close", None)
            if close is not None:
                close()
            return ()
        return self._blocks


def stop_all() -> None:
    """End every response of `event_stream` in this process: its worker has to go."""
    for pump in list(_open):
        pump.stop()


def _blocks(
    events: Iterable[ServerSentEvent | str], heartbeat: float, retry: int | None
) -> Iterator[bytes]:
    pump = _Pump(events)
    # Whatever the first event takes, the headers leave now, so the browser knows it is connected.
    first = ServerSentEvent(retry=retry) if retry is not None else ServerSentEvent(comment="")
    return _Closing(pump, encode(first), heartbeat)


class _Closing:
    """The blocks of a pump; `close` reaches the iterator even if nothing was ever read."""

    def __init__(self, pump: "_Pump", first: bytes, heartbeat: float) -> None:
        self._pump = pump
        self._first: bytes | None = first
        self._heartbeat = heartbeat

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            self._pump.start()
            return first
        event = self._pump.next(self._heartbeat)
        if event is None:
            return control_event("heartbeat", {"time": round(time.time(), 3)})
        return encode(event)

    def close(self) -> None:
        self._pump.stop()


class _Pump:
    """Runs an iterator in a greenlet, one event ahead of its reader."""

    def __init__(self, events: Iterable[ServerSentEvent | str]) -> None:
        self._iterator = iter(events)
        self._event: ServerSentEvent | None = None
        self._error: BaseException | None = None
        self._begun = False
        self._ended = False
        self._has_event = Flag()
        self._has_room = Flag()
        run: Callable[[], None] = self._run
        # The request is over, for Flask, by the time at which its response is sent.
        self._run_in_context = copy_current_request_context(run) if has_request_context() else run
        self._greenlet: gevent.Greenlet[[], None] | None = None

    def start(self) -> None:
        """Begin to take events from the iterator."""
        if not self._ended:
            self._greenlet = gevent.spawn(self._run_in_context)
            _open.add(self)

    def next(self, timeout: float) -> ServerSentEvent | None:
        """The next event, or None after `timeout` seconds. Raises StopIteration at the end."""
        if not self._has_event.wait(timeout):
            return None
        event, self._event = self._event, None
        if event is None:
            if self._error is not None:
                raise self._error
            raise StopIteration
        if not self._ended:
            self._has_event.clear()
        self._has_room.set()
        return event

    def stop(self) -> None:
        """Close the iterator and end the stream."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
        if not self._begun:
            self._close_iterator()
        self._ended = True
        self._has_event.set()

    def _run(self) -> None:
        self._begun = True
        try:
            for item in self._iterator:
                event = item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)
                self._event = event
                self._has_room.clear()
                self._has_event.set()
                self._has_room.wait()
        except gevent.GreenletExit:
            pass
        except Exception as error:
            self._error = error
        finally:
            try:
                self._close_iterator()
            finally:
                self._ended = True
                self._has_event.set()

    def _close_iterator(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()
