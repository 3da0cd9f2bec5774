"""What streams are told as they come, made once for all who come from the same place.

When a thousand readers come at once, most lack the same: the newest of everything, or what has
come since a frame that all of them had. With `every` they get it as of the last watermark, so that
they share a feed from there on; watermarks lie a quarter of a second apart, or a fortieth of a
longer `every`. Without it they get everything up to this moment.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile

from dashboard.events.encoded import Encoded, id_of
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.streaming.conflation import conflate
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import ReplayBuffer

_MARK_SECONDS = 0.25
_MARKS_PER_PERIOD = 40
_LONGEST_MARK = 5.0
_FEW = 100  # events; so many are gathered anew for each who comes
_MOST_KEPT = 64  # frames
_KEEP_SECONDS = 2.0
_PIECE = 128 << 10  # bytes of what a reader lacks who is told it piece by piece


@dataclass(slots=True)
class _Watermark:
    """The newest of everything that a filter wants, as of a moment (monotonic seconds)."""

    made_at: float
    position: EventId
    seq: int  # of the newest event of all
    events: list[Encoded]
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a stream is told; up to the event of which number that is all."""

    frames: list[Frame]
    seq: int


class Snapshots:
    """Snapshots from what the worker remembers."""

    def __init__(self, recent: ReplayBuffer, clock: Callable[[], float] = time.monotonic) -> None:
        self._recent = recent
        self._clock = clock
        self._watermarks: dict[tuple[Filter, bool], _Watermark] = {}
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._kept_since = 0.0

    def initial_snapshot(self, filter: Filter) -> Snapshot:
        """The newest event of each host and name."""
        recent, watermark = self._recent, self._watermark(filter)
        if not watermark.frames:
            watermark.frames.append(Frame(filter.wire(watermark.events)))
        if filter.every is not None or watermark.seq == recent.seq:
            return _snapshot(watermark.frames, watermark.seq)
        later = self._made(
            (filter, watermark.position, recent.seq),
            lambda: filter.pick(recent.events_after(watermark.position)),
            filter,
        )
        return _snapshot([*watermark.frames, later], recent.seq)

    def replay_from(self, filter: Filter, after: EventId) -> Snapshot:
        """Everything after an id; `every` makes of what is not in memory one period."""
        recent, every = self._recent, filter.every
        if every is None:
            frame = self._made(
                (filter, after, recent.seq), lambda: filter.pick(recent.events_after(after)), filter
            )
            return _snapshot([frame], recent.seq)
        watermark = self._watermark(filter)
        if after > watermark.position:
            watermark = self._new_watermark(filter)

        def missed() -> list[Encoded]:
            if not recent.covers(after):
                return [encoded for encoded in watermark.events if id_of(encoded) > after]
            since = filter.pick(recent.events_after(after))
            return conflate((one for one in since if id_of(one) <= watermark.position), every)

        return _snapshot(
            [self._made((filter, after, watermark.seq), missed, filter)], watermark.seq
        )

    def needs_chunks(self, filter: Filter, after: EventId) -> bool:
        """Whether a reader lacks so much that it is to be told in pieces.

        Else a thousand readers that come back from different places would each have a copy of its
        own of all that it lacks, until its socket has taken it.
        """
        return filter.every is None and self._recent.lacks_more_than(_PIECE, after)

    def next_chunk(self, filter: Filter, after: EventId) -> tuple[Frame, EventId]:
        """The next piece of what came after an id that memory covers, and the id where it ends."""
        size, reached = 0, after
        for encoded in self._recent.events_after(after):
            size += len(encoded.wire)
            if size > _PIECE and reached > after:
                break
            reached = id_of(encoded)

        def told() -> list[Encoded]:
            since = self._recent.events_after(after)
            return filter.pick(takewhile(lambda encoded: id_of(encoded) <= reached, since))

        return self._made((filter, after, reached), told, filter), reached

    def forget(self) -> None:
        """Let go of what was made a while ago."""
        now = self._clock()
        if now - self._kept_since > _KEEP_SECONDS:
            self._frames.clear()
            self._kept_since = now
        old = [
            key
            for key, watermark in self._watermarks.items()
            if now - watermark.made_at > _LONGEST_MARK
        ]
        for key in old:
            del self._watermarks[key]

    def _watermark(self, filter: Filter) -> _Watermark:
        watermark = self._watermarks.get(_key(filter))
        if watermark is not None and self._may_be_used(watermark, filter.every):
            return watermark
        return self._new_watermark(filter)

    def _new_watermark(self, filter: Filter) -> _Watermark:
        self.forget()
        if len(self._watermarks) >= _MOST_KEPT:
            self._watermarks.clear()
        recent = self._recent
        watermark = _Watermark(self._clock(), recent.position, recent.seq, recent.latest(filter))
        self._watermarks[_key(filter)] = watermark
        return watermark

    def _may_be_used(self, watermark: _Watermark, every: float | None) -> bool:
        recent, age = self._recent, self._clock() - watermark.made_at
        if watermark.seq == recent.seq:
            return age < _LONGEST_MARK  # what is older than the log keeps goes, in time
        if every is not None:
            return age < min(every, max(_MARK_SECONDS, every / _MARKS_PER_PERIOD), _LONGEST_MARK)
        return (
            age < _MARK_SECONDS
            and len(watermark.events) > _FEW
            and watermark.seq >= recent.last_unpersisted_seq  # no id finds them
            and recent.covers(watermark.position)
        )

    def _made(
        self, key: tuple[object, ...], events: Callable[[], list[Encoded]], filter: Filter
    ) -> Frame:
        frame = self._frames.get(key)
        if frame is None:
            self.forget()
            if len(self._frames) >= _MOST_KEPT:
                self._frames.clear()
            frame = self._frames[key] = Frame(filter.wire(events()))
        return frame


def _snapshot(frames: list[Frame], seq: int) -> Snapshot:
    return Snapshot([frame for frame in frames if frame.raw], seq)


def _key(filter: Filter) -> tuple[Filter, bool]:
    return filter.selection, filter.every is not None
