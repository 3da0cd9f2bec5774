"""One stream: from where its reader stands to live, and then out of the way.

The order is the contract's: `retry` and `hello` at once; then what was missed, or a `gap`, or the
newest of everything; then live. From the moment the stream has joined its feed nothing is read
from the log any more, and where its socket can be parked nothing is left of it but that.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from dashboard.events.encoded import control_event
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.log.contract import LogUnavailable
from dashboard.streaming.detach import LeftRequest, can_park, take_socket
from dashboard.streaming.feed import Lagging, Subscriber
from dashboard.streaming.frame import CHUNKED, GZIP, GZIP_HEADER, gzip_block
from dashboard.streaming.hub import Hub

_READY_SECONDS = 5.0


class StreamSlot:
    """What every stream holds of the hub; `close` gives it back, even if the stream never began.

    The place itself was taken from the hub's `admission` before.
    """

    def __init__(self, hub: Hub, address: str) -> None:
        """`address` is the one under which the place was taken."""
        self._hub = hub
        self._address = address
        self._subscriber: Subscriber | None = None
        self._holds_slot = True

    def close(self) -> None:
        """Leave the feed and make room for another stream."""
        if self._subscriber is not None:
            self._hub.leave(self._subscriber)
            self._subscriber = None
        if self._holds_slot:
            self._holds_slot = False
            self._hub.admission.release(self._address)

    def _count_end(self) -> None:
        """Count a stream that ends though nobody has left and nobody lags."""
        self._hub.admission.count_dropped("stopping" if self._hub.stopping else "expired")


class Stream(StreamSlot):
    """The blocks of one stream."""

    def __init__(
        self,
        hub: Hub,
        filter: Filter,
        after: EventId | None,
        form: int,
        environ: Mapping[str, Any],
        *,
        replay: float,
        retry: float,
        parking: bool,
        greeting: Callable[[Scope], dict[str, object]],
    ) -> None:
        """`replay` is the longest absence in seconds that is replayed, `retry` the pause in ms
        before a client reconnects, `greeting` makes the data of `hello` for a right.
        """
        super().__init__(hub, environ.get("REMOTE_ADDR", ""))
        self._replay = replay
        self._retry = retry
        self._parking = parking
        self._greeting = greeting
        self._filter = filter
        self._after = after
        self._form = form
        self._environ = environ
        self._blocks = self._run()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._blocks)

    def _run(self) -> Iterator[bytes]:
        may_park = self._parking and can_park(self._environ)
        begin = self._begin()
        if self._is_known():
            yield begin + next(self._catch_up())  # one write, with the head of the response
        else:
            yield begin  # at once, whatever the log takes
            self._hub.ready.wait(_READY_SECONDS)
            if self._hub.stopping:
                return  # without a word about what was missed: another worker will tell it
            yield from filter(None, self._catch_up())
        assert self._subscriber is not None
        try:
            while not self._hub.stopping and not self._subscriber.feed.ended:
                if may_park and self._subscriber.is_even:
                    self._park()
                frames = self._subscriber.frames(self._form)
                if frames:
                    yield frames
        except Lagging:
            self._hub.admission.count_dropped("lagging")
        else:
            self._count_end()

    def _park(self) -> NoReturn:
        """Leave the request, by raising LeftRequest; from here on the hub writes to the socket."""
        assert self._subscriber is not None
        chunked = CHUNKED if self._environ["SERVER_PROTOCOL"] == "HTTP/1.1" else 0
        descriptor = take_socket(self._environ)
        self._hub.park(descriptor, self._subscriber, self._form | chunked, self._address)
        self._subscriber, self._holds_slot = None, False
        raise LeftRequest

    def _is_known(self) -> bool:
        """Return True if what the reader lacks is known without reading the log."""
        if not self._hub.ready.is_set() or self._hub.stopping:
            return False
        return self._after is None or not self._hub.replay.needs_chunks(self._filter, self._after)

    def _begin(self) -> bytes:
        self._hub.admission.count_opened()
        retry = round(self._retry * random.uniform(0.5, 1.5))
        greeting = self._greeting(self._filter.scope)
        hello = control_event("hello", greeting, retry=retry)
        if self._form & GZIP:
            return GZIP_HEADER + gzip_block(hello, stored=True)
        return hello

    def _encoded(self, block: bytes) -> bytes:
        return gzip_block(block) if block and self._form & GZIP else block

    def _catch_up(self) -> Iterator[bytes]:
        """Yield what the reader lacks; when it ends, `_subscriber` stands right behind that."""
        hub, after = self._hub, self._after
        told = after is not None and self._is_covered(after)
        # With `every` what is only in the log is left to what it came to.
        while told and after is not None and self._filter.every is None:
            if not hub.replay.needs_chunks(self._filter, after):
                break
            try:
                piece, after = hub.replay.next_chunk(self._filter, after)
            except LogUnavailable:
                told = False
                break
            if piece.raw:
                yield piece.form(self._form & GZIP)
        snapshot, self._subscriber = hub.start(self._filter, after if told else None)
        gap = self._encoded(self._gap(after)) if after is not None and not told else b""
        yield gap + b"".join(frame.form(self._form & GZIP) for frame in snapshot.frames)

    def _is_covered(self, after: EventId) -> bool:
        try:
            return self._hub.replay.can_replay(after, self._replay)
        except LogUnavailable:
            return False

    def _gap(self, after: EventId) -> bytes:
        self._hub.admission.count_gap()
        return control_event("gap", self._hub.gap_since(after))
