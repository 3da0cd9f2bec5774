"""One stream: hello, what its reader lacks, and then live, at last out of the request's way.

The order is the contract's: `retry` and `hello` at once; then a replay, or a `gap`, or a snapshot;
then the frames of a feed. From the moment the stream has joined its feed it reads nothing from the
log, and where its socket can be parked nothing is left of it but that.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import gevent

from dashboard.events.encoded import control_event
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.events.scope import Scope
from dashboard.log.contract import LogUnavailable
from dashboard.streaming.detach import LeftRequest, can_park, take_socket
from dashboard.streaming.feed import Lagging, Subscriber
from dashboard.streaming.frame import CHUNKED, GZIP, GZIP_HEADER, Frame, gzip_block
from dashboard.streaming.hub import Hub

_READY_SECONDS = 5.0
_BLOCK = 64 << 10  # bytes; smaller frames go out together


class StreamSlot:
    """What every stream holds of the hub; `close` gives it back, even if the stream never began.

    The place itself was taken from the hub's `admission` before.
    """

    def __init__(self, hub: Hub, address: str, filter: Filter) -> None:
        """`address` and `filter` are those with which the place was taken."""
        self._hub = hub
        self._address = address
        self._filter = filter
        self._subscriber: Subscriber | None = None
        self._holds_slot = True

    def close(self) -> None:
        """Leave the feed and make room for another stream."""
        if self._subscriber is not None:
            self._hub.leave(self._subscriber)
            self._subscriber = None
        if self._holds_slot:
            self._holds_slot = False
            self._hub.admission.release(self._address, self._filter)

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
        """`replay` is the longest absence, in seconds, that is replayed.

        `retry` is the pause in ms before a client reconnects; `greeting` makes the data of `hello`
        for a scope.
        """
        super().__init__(hub, environ.get("REMOTE_ADDR", ""), filter)
        self._replay = replay
        self._retry = retry
        self._parking = parking
        self._greeting = greeting
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
        blocks = filter(None, self._catch_up())
        if self._is_known():
            begin += next(blocks, b"")  # one write, with the head of the response
        yield begin  # at once, however long the log takes
        if self._subscriber is None:
            self._hub.ready.wait(_READY_SECONDS)
            if self._hub.stopping:
                return  # without a word about what was missed: another worker will tell it
            for block in blocks:
                yield block
                gevent.sleep(0)  # a fast reader of much lets others run
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
        """Return True if the first chunk of what the reader lacks needs no look into the log."""
        if not self._hub.ready.is_set() or self._hub.stopping:
            return False
        return self._after is None or self._hub.replay.is_in_memory(self._after)

    def _begin(self) -> bytes:
        self._hub.admission.count_opened()
        retry = round(self._retry * random.uniform(0.5, 1.5))
        greeting = self._greeting(self._filter.scope)
        hello = control_event("hello", greeting, retry=retry)
        if self._form & GZIP:
            return GZIP_HEADER + gzip_block(hello, stored=True)
        return hello

    def _catch_up(self) -> Iterator[bytes]:
        """Yield what the reader lacks; the step that makes the last block joins the feed."""
        block = b""
        for frame, seq in self._lacking():
            block += frame.form(self._form & GZIP)
            if seq is not None:
                self._subscriber = self._hub.join(self._filter, seq)
            if block and (seq is not None or len(block) >= _BLOCK):
                yield block
                block = b""

    def _lacking(self) -> Iterator[tuple[Frame, int | None]]:
        """Yield frames, and with the last one the seq up to which everything is sent."""
        replay, after, seq = self._hub.replay, self._after, 0
        if after is not None and not self._can_replay(after):
            yield self._gap(after), None
            after = None
        after = None if after is None else replay.resolved(after)
        if after is not None and self._filter.every is not None:
            # What is in the log alone is left to the snapshot.
            chunk = replay.conflated(self._filter, after)
            seq = chunk.reached
            yield chunk.frame, seq if chunk.is_last else None
            if chunk.is_last:
                return
        elif after is not None:
            try:
                while True:
                    events = replay.next_chunk(self._filter, after)
                    after = events.reached
                    yield events.frame, events.seq if replay.is_even(events) else None
                    if replay.is_even(events):
                        return
            except LogUnavailable:
                yield self._gap(after), None
        while True:
            chunk = replay.snapshot_chunk(self._filter, seq)
            seq = chunk.reached
            is_all = chunk.is_last and (self._filter.every is not None or replay.is_even(chunk))
            yield chunk.frame, seq if is_all else None
            if is_all:
                return

    def _can_replay(self, after: EventId) -> bool:
        try:
            return self._hub.replay.can_replay(after, self._replay)
        except LogUnavailable:
            return False

    def _gap(self, after: EventId) -> Frame:
        self._hub.admission.count_gap()
        return Frame(control_event("gap", self._hub.gap_since(after)))
