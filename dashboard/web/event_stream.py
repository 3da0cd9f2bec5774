"""`event_stream`: any iterator of events as a correct Server-Sent Events response.

It holds under every WSGI server: the iterator runs beside the response (`event_pump.py`), which
sends heartbeats while it is silent, and lets go of it, with its `finally` blocks run, once the
reader has left (`departures.py`). Under gevent an iterator that blocks without gevent knowing (a
C library's wait) holds up the worker.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask import Response, has_request_context, request
from werkzeug.datastructures import Headers
from werkzeug.wsgi import ClosingIterator

from dashboard.events.sse import ServerSentEvent, encode
from dashboard.web.departures import Departures, gunicorn_worker, socket_of
from dashboard.web.event_pump import EventPump

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-cache, no-transform"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Accel-Buffering", "no"),  # nginx would gather events in its buffers otherwise
)

_NOTIFY_SECONDS = 1.0
_departures = cache(Departures)  # made in the worker, not where a master loads the application


def event_stream(
    events: Iterable[Any],
    *,
    event: str | None = None,
    heartbeat: float = 15.0,
    retry: int | timedelta | None = None,
) -> Response:
    """Answer a Flask view with the events of an iterator, each sent as soon as it comes.

    An item is a `ServerSentEvent`, which may have a name, an id, a retry time; or its data: text,
    or anything that becomes JSON (a dict, a list, a number, a dataclass, a msgspec.Struct, None as
    `null`). `event` names the events that have no name of their own; without, they are unnamed
    ("message" in a browser). `retry` is the pause after which a browser comes back, in
    milliseconds or as a timedelta.

    While the iterator is silent, an event `heartbeat` (the time, no id) goes out every `heartbeat`
    seconds. When the iterator ends the response ends; EventSource then comes back by itself, so a
    stream that is over for good ends with an event at which the page calls `close()`, or is
    answered with 204 the next time. An exception of the iterator, or an item that becomes no JSON,
    breaks the response off and is logged. The iterator may use Flask's `request`.

    When the reader leaves or the server is to end, the iterator is closed: at once under gevent,
    under servers with threads at its next event, or when what blocks it returns.
    """
    if not 0 < heartbeat <= threading.TIMEOUT_MAX:
        raise ValueError(f"heartbeat must be a finite number of seconds above 0, not {heartbeat!r}")
    first = ServerSentEvent(retry=retry) if retry is not None else ServerSentEvent(comment="")
    pump = EventPump(events, partial(_event_of, ServerSentEvent("", event=event).event))
    socket = socket_of(request.environ) if has_request_context() else None
    # Whatever the first event takes, the headers leave now, so the browser knows it is connected.
    return EventStreamResponse(_Blocks(pump, encode(first), heartbeat, socket))


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
        self.response = self._blocks = blocks  # not the empty list, of which the length is known

    def get_wsgi_headers(self, environ: "WSGIEnvironment") -> Headers:
        """Return the headers as they are: werkzeug has nothing to add."""
        return self.headers

    def get_app_iter(self, environ: "WSGIEnvironment") -> Iterable[bytes]:
        """Return the blocks; none for HEAD, which closes them unread."""
        if environ["REQUEST_METHOD"] == "HEAD":
            self.close()
            return ()
        return ClosingIterator(self._blocks, self.close) if self._on_close else self._blocks


def stop_all() -> None:
    """End every response of `event_stream` in this process, as if its iterator had ended.

    Under gunicorn it happens by itself when the worker is told to end.
    """
    _departures().stop_all()


def _event_of(name: str | None, item: Any) -> ServerSentEvent:
    """Return an iterator's item as an event. Raises TypeError or ValueError for one that is none.

    `name` is that of events without one; what has no data is not dispatched and needs none.
    """
    if item is None:
        item = "null"  # as JSON has it; an event without data would never be seen
    found = item if isinstance(item, ServerSentEvent) else ServerSentEvent(item)
    if name is not None and found.event is None and found.data is not None:
        return replace(found, event=name)
    return found


class _Blocks:
    """The blocks of a pump; `close` reaches the iterator even if nothing was ever read."""

    def __init__(self, pump: EventPump, first: bytes, heartbeat: float, socket: Any) -> None:
        self._pump = pump
        self._first: bytes | None = first
        self._heartbeat = heartbeat
        self._socket = socket
        self._worker: Any = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            if self._pump.start():
                _departures().watch(self._pump, self._socket)
            if threading.current_thread() is threading.main_thread():
                self._worker = gunicorn_worker()
            return first
        event = self._next_event()
        if event is None:
            event = ServerSentEvent({"time": round(time.time(), 3)}, event="heartbeat")
        return encode(event)

    def close(self) -> None:
        self._pump.stop()

    def _next_event(self) -> ServerSentEvent | None:
        """Return the next event; None when the time has come for a heartbeat."""
        if self._worker is None:
            return self._pump.next(self._heartbeat)
        # gunicorn's sync worker answers in its main thread, and is killed when that is silent.
        left = self._heartbeat
        while True:
            self._worker.notify()
            event = self._pump.next(min(left, _NOTIFY_SECONDS))
            left -= _NOTIFY_SECONDS
            if event is not None or left <= 0:
                return event
