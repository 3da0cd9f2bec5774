"""What streams are told as they come, made once for all who come from the same place.

When a thousand readers come at once, most lack the same: the newest of everything, or what has
come since a frame that all of them had. With `every` they are told it as of the last mark, so that
they share a feed from there on; marks lie a quarter of a second apart, or a fortieth of a longer
`every`. Without it they are told all up to this moment.
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
from dashboard.streaming.replay_buffer import Recent

_MARK_SECONDS = 0.25
_MARKS_PER_PERIOD = 40
_LONGEST_MARK = 5.0
_FEW = 100  # events; so many are gathered anew for each who comes
_MOST_KEPT = 64  # frames
_KEEP_SECONDS = 2.0
_PIECE = 128 << 10  # bytes of what a reader lacks who is told it piece by piece


@dataclass(slots=True)
class _Mark:
    """The newest of everything that a filter wants, as of a moment (monotonic seconds)."""

    made_at: float
    position: EventId
    number: int  # of the newest event of all
    events: list[Encoded]
    frames: list[Frame] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Start:
    """What a stream is told; up to the event of which number that is all."""

    frames: list[Frame]
    told: int


class Starts:
    """Starts from what the worker remembers."""

    def __init__(self, recent: Recent, clock: Callable[[], float] = time.monotonic) -> None:
        self._recent = recent
        self._clock = clock
        self._marks: dict[tuple[Filter, bool], _Mark] = {}
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._kept_since = 0.0

    def newcomer(self, filter: Filter) -> Start:
        """The newest event of each host and name."""
        recent, mark = self._recent, self._mark(filter)
        if not mark.frames:
            mark.frames.append(Frame(filter.wire(mark.events)))
        if filter.every is not None or mark.number == recent.number:
            return _start(mark.frames, mark.number)
        later = self._made(
            (filter, mark.position, recent.number),
            lambda: filter.pick(recent.since(mark.position)),
            filter,
        )
        return _start([*mark.frames, later], recent.number)

    def returning(self, filter: Filter, after: EventId) -> Start:
        """Everything after an id; `every` makes of what is not in memory one period."""
        recent, every = self._recent, filter.every
        if every is None:
            frame = self._made(
                (filter, after, recent.number), lambda: filter.pick(recent.since(after)), filter
            )
            return _start([frame], recent.number)
        mark = self._mark(filter)
        if after > mark.position:
            mark = self._new_mark(filter)

        def missed() -> list[Encoded]:
            if not recent.covers(after):
                return [encoded for encoded in mark.events if id_of(encoded) > after]
            since = filter.pick(recent.since(after))
            return conflate((one for one in since if id_of(one) <= mark.position), every)

        return _start([self._made((filter, after, mark.number), missed, filter)], mark.number)

    def is_far_behind(self, filter: Filter, after: EventId) -> bool:
        """Whether a reader lacks so much that it is to be told in pieces.

        Else a thousand readers that come back from different places would each have a copy of its
        own of all that it lacks, until its socket has taken it.
        """
        return filter.every is None and self._recent.lacks_more_than(_PIECE, after)

    def piece(self, filter: Filter, after: EventId) -> tuple[Frame, EventId]:
        """The next piece of what came after an id that memory covers, and the id where it ends."""
        size, reached = 0, after
        for encoded in self._recent.since(after):
            size += len(encoded.wire)
            if size > _PIECE and reached > after:
                break
            reached = id_of(encoded)

        def told() -> list[Encoded]:
            since = self._recent.since(after)
            return filter.pick(takewhile(lambda encoded: id_of(encoded) <= reached, since))

        return self._made((filter, after, reached), told, filter), reached

    def forget(self) -> None:
        """Let go of what was made a while ago."""
        now = self._clock()
        if now - self._kept_since > _KEEP_SECONDS:
            self._frames.clear()
            self._kept_since = now
        old = [key for key, mark in self._marks.items() if now - mark.made_at > _LONGEST_MARK]
        for key in old:
            del self._marks[key]

    def _mark(self, filter: Filter) -> _Mark:
        mark = self._marks.get(_key(filter))
        if mark is not None and self._may_be_used(mark, filter.every):
            return mark
        return self._new_mark(filter)

    def _new_mark(self, filter: Filter) -> _Mark:
        self.forget()
        if len(self._marks) >= _MOST_KEPT:
            self._marks.clear()
        recent = self._recent
        mark = _Mark(self._clock(), recent.position, recent.number, recent.latest(filter))
        self._marks[_key(filter)] = mark
        return mark

    def _may_be_used(self, mark: _Mark, every: float | None) -> bool:
        recent, age = self._recent, self._clock() - mark.made_at
        if mark.number == recent.number:
            return age < _LONGEST_MARK  # what is older than the log keeps goes, in time
        if every is not None:
            return age < min(every, max(_MARK_SECONDS, every / _MARKS_PER_PERIOD), _LONGEST_MARK)
        return (
            age < _MARK_SECONDS
            and len(mark.events) > _FEW
            and mark.number >= recent.unlogged  # what was not logged can't be told after an id
            and recent.covers(mark.position)
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


def _start(frames: list[Frame], told: int) -> Start:
    return Start([frame for frame in frames if frame.raw], told)


def _key(filter: Filter) -> tuple[Filter, bool]:
    return filter.selection, filter.every is not None
