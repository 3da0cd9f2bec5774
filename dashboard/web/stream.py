"""GET /stream: the log as Server-Sent Events, from where the reader stands.

The order is the contract's: `retry` and `hello` at once; then what was missed, or a `gap`, or the
newest of everything; then live. From the moment the stream has joined its feed nothing is read
from the log any more.
"""

import os
import random
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import parse_qsl

from flask import Blueprint, Response, current_app, request
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.http import parse_accept_header

from dashboard.connections import (
    SEND_BUFFER,
    LeftRequest,
    can_park,
    response_head,
    take_socket,
    write_whole,
)
from dashboard.event import EventId
from dashboard.feed import Filter, Follower, Lagging
from dashboard.frame import CHUNKED, GZIP, GZIP_HEADER, Frame, gzip_block
from dashboard.log import LogUnavailable
from dashboard.runtime import Runtime
from dashboard.web.event_stream import EventStreamResponse
from dashboard.web.problem import Problem
from dashboard.web.query import Query
from dashboard.wire import Encoded, control_event

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

blueprint = Blueprint("stream", __name__)

_KEYS = ("events", "host", "every", "last_event_id")
_BUSY_RETRY = 5  # times the usual pause: a full worker is left alone for longer
_READY_SECONDS = 5.0
_ONE_WRITE = SEND_BUFFER // 2  # bytes that a fresh connection certainly takes


@blueprint.get("/stream")
def stream() -> Response:
    """The event stream; see the contract in docs/api.md."""
    environ = request.environ
    filter, after = _parse_query(environ.get("QUERY_STRING", ""))
    # What a browser sends as it reconnects is newer than what its URL says.
    after = _position("Last-Event-ID", environ.get("HTTP_LAST_EVENT_ID")) or after
    runtime: Runtime = current_app.extensions["vitals"]
    form = 0
    headers: list[tuple[str, str]] = []
    if runtime.settings.gzip:
        headers.append(("Vary", "Accept-Encoding"))
        if _accepts_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            headers.append(("Content-Encoding", "gzip"))
            form = GZIP
    blocks: Iterator[bytes]
    if environ["REQUEST_METHOD"] == "HEAD":
        blocks = iter(())
    elif runtime.hub.admission.admit():
        blocks = _Stream(runtime, filter, after, form, environ)
    else:
        blocks = _busy(runtime, form)
    response = EventStreamResponse(blocks, headers)
    if isinstance(blocks, _Stream):
        blocks.headers = response.headers  # as they will be when all of Flask is done with them
    return response


# The browsers of a wall all ask the same, so what they ask is worked out once.
@lru_cache(maxsize=1024)
def _parse_query(text: str) -> tuple[Filter, EventId | None]:
    """The filter and the position of a query string. Raises Problem(400)."""
    query = Query(MultiDict(parse_qsl(text, keep_blank_values=True)), _KEYS)
    filter = Filter(
        names=query.names("events"),
        hosts=query.hosts("host"),
        every=query.number("every", 0.1, 3600),
    )
    return filter, _position("last_event_id", query.text("last_event_id"))


@lru_cache(maxsize=256)
def _accepts_gzip(accept_encoding: str) -> bool:
    return parse_accept_header(accept_encoding)["gzip"] > 0


def _position(key: str, text: str | None) -> EventId | None:
    if text is None:
        return None
    try:
        return EventId.parse(text)
    except ValueError as error:
        raise Problem(400, f"{key}: {error}", key=key) from None


class _Stream:
    """The blocks of one stream; `close` gives back what it holds, even if it never began."""

    def __init__(
        self,
        runtime: Runtime,
        filter: Filter,
        after: EventId | None,
        form: int,
        environ: "WSGIEnvironment",
    ) -> None:
        self._runtime = runtime
        self._hub = runtime.hub
        self._filter = filter
        self._after = after
        self._form = form
        self._environ = environ
        self._follower: Follower | None = None
        self._holds_place = True
        self._blocks = self._run()
        self.headers = Headers()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def close(self) -> None:
        """Leave the feed and make room for another stream."""
        if self._follower is not None:
            self._hub.leave(self._follower)
            self._follower = None
        if self._holds_place:
            self._holds_place = False
            self._hub.admission.release()

    def _run(self) -> Iterator[bytes]:
        start = GZIP_HEADER if self._form & GZIP else b""
        hello = start + self._encoded(self._hello(), stored=True)
        if not self._hub.ready.is_set() or self._must_read_log():
            yield hello  # at once, whatever the log takes
            hello = b""
            self._hub.ready.wait(_READY_SECONDS)
        if self._hub.stopping:
            # Without a word about what was missed: another worker will tell it.
            yield hello
            return
        may_park = self._runtime.settings.parking and can_park(self._environ)
        for block in self._catch_up():
            data = hello + (self._encoded(block) if block else b"")
            if hello and may_park and self._follower is not None and len(data) <= _ONE_WRITE:
                self._park(self._follower, data)
            if data:
                yield data
            hello = b""
        assert self._follower is not None
        try:
            while not self._hub.stopping:
                if may_park and self._follower.is_even:
                    self._park(self._follower)
                frames = self._follower.frames(self._form)
                if frames:
                    yield frames
        except Lagging:
            self._hub.admission.count_dropped("lagging")
        else:
            self._hub.admission.count_dropped("stopping")

    def _park(self, follower: Follower, first: bytes = b"") -> NoReturn:
        """Leave the request; from here on the hub writes to the socket.

        With `first` nothing of the response has been sent: then its head and the first block go
        out here, in one write in place of the server's two.
        """
        protocol = self._environ["SERVER_PROTOCOL"]
        chunked = CHUNKED if protocol == "HTTP/1.1" else 0
        descriptor = take_socket(self._environ)
        if first:
            head = response_head(protocol, self.headers)
            if not write_whole(descriptor, head + Frame(first).form(chunked)):
                os.close(descriptor)
                raise LeftRequest
        self._hub.park(descriptor, follower, self._form | chunked)
        self._follower, self._holds_place = None, False
        raise LeftRequest

    def _encoded(self, block: bytes, *, stored: bool = False) -> bytes:
        return gzip_block(block, stored=stored) if self._form & GZIP else block

    def _must_read_log(self) -> bool:
        return self._after is not None and not self._hub.recent.covers(self._after)

    def _hello(self) -> bytes:
        retry = round(self._runtime.settings.retry * random.uniform(0.5, 1.5))
        return control_event("hello", self._runtime.greeting(), retry=retry)

    def _catch_up(self) -> Iterator[bytes]:
        """Yield what the reader lacks; when it ends, `_follower` stands right behind that."""
        hub, filter, after = self._hub, self._filter, self._after
        told = after is not None and self._is_covered(after)
        while told and after is not None and after < hub.position:
            held: list[Encoded] = []
            try:
                # A conflating stream sees the whole stretch before it can say what is newest.
                while after < hub.position:
                    events, after = hub.read_on(after, filter)
                    held += events
                    if filter.every is None:
                        break
            except LogUnavailable:
                told = False
                break
            if after == hub.position:
                self._join()
                yield _wire(filter.thin(held))
                return
            yield _wire(held)
        newest = [] if told else hub.recent.latest(filter)
        self._join()
        gap = self._gap(after) if after is not None and not told else b""
        yield gap + _wire(newest)

    def _is_covered(self, after: EventId) -> bool:
        try:
            return self._hub.covers(after, self._runtime.settings.replay)
        except LogUnavailable:
            return False

    def _join(self) -> None:
        self._follower = self._hub.join(self._filter)

    def _gap(self, after: EventId) -> bytes:
        start, end = after.time, round(self._hub.now(), 3)
        self._hub.admission.count_gap()
        data = {"from": start, "to": end, "seconds": max(0, round(end - start, 3))}
        return control_event("gap", data)


def _wire(events: list[Encoded]) -> bytes:
    return b"".join(encoded.wire for encoded in events)


def _busy(runtime: Runtime, form: int) -> Iterator[bytes]:
    settings = runtime.settings
    retry = round(settings.retry * _BUSY_RETRY * random.uniform(0.5, 1.5))
    data = {"time": runtime.hub.now(), "streams": runtime.hub.admission.most}
    block = control_event("busy", data, retry=retry)
    yield GZIP_HEADER + gzip_block(block) if form & GZIP else block
