"""When events were appended, where their ids do not tell.

An id is the time of its append while the clock only goes forward. Once the clock was ahead for a
moment, ids go on from the highest one that was given, possibly for years. For that stretch a log
keeps marks: from this id on, events were appended at this time. With them age is real age, for
what is kept, asked for and replayed.

Ids that were given while the clock itself was ahead have no mark. They lie between the last id
before and the first mark after them, and pass for as young as that mark.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

from dashboard.events.event import EventId

AHEAD = 1.0  # seconds by which an id may be ahead of the clock and still pass for its time
SPACING = 1.0  # seconds between two marks


class Mark(NamedTuple):
    """The first id of a batch, and when it was appended (seconds since 1970)."""

    id: EventId
    time: float


class IdTimes:
    """The marks of one log as far as they were read. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._marks: list[Mark] = []  # in id order; replaced, never changed
        self._newest = EventId(0, 0)
        self._covered = self._newest  # the id up to which all marks are known

    @property
    def last(self) -> Mark | None:
        """The newest mark."""
        return self._marks[-1] if self._marks else None

    @property
    def is_ahead(self) -> bool:
        """Return True if ids are ahead of the clock, so that there may be more marks to read."""
        return self._newest.time > self._clock() + AHEAD

    def note(self, newest: EventId) -> None:
        """Note an id that is in the log."""
        self._newest = max(self._newest, newest)

    def add(self, marks: Iterable[Mark]) -> None:
        """Add all marks that were not known before; to be called again for each look at the log."""
        self._covered = self._newest
        last = self.last
        fresh = [mark for mark in marks if last is None or mark.id > last.id]
        if fresh:
            self._marks = [*self._marks, *fresh]

    def drop_before(self, first: EventId) -> None:
        """Forget the marks of events that are too old, but the last: it says that they are."""
        at = bisect_left(self._marks, first, key=lambda mark: mark.id)
        if at > 1:
            self._marks = self._marks[at - 1 :]

    def mark_for(self, first: EventId, now: float) -> Mark | None:
        """Return the mark that a batch needs whose first id is `first`; None if it needs none."""
        if first.time <= now + AHEAD:
            return None
        last = self.last
        is_marked = last is not None and last.id.ms == first.ms and abs(now - last.time) < SPACING
        return None if is_marked else Mark(first, now)

    def time_of(self, event_id: EventId) -> float:
        """Return when an event was appended, in seconds since 1970."""
        now = self._clock()
        if event_id.time <= now + AHEAD:
            return event_id.time
        marks = self._marks
        at = bisect_right(marks, event_id, key=lambda mark: mark.id)
        if at and marks[at - 1].id.ms == event_id.ms and marks[at - 1].time <= now + AHEAD:
            return marks[at - 1].time
        return next((mark.time for mark in marks[at:] if mark.time <= now + AHEAD), now)

    def id_at(self, seconds: float) -> EventId:
        """Return the lowest id that an event may have that was appended at this time or later."""
        plain = EventId.at(seconds)
        latest = self._clock() + AHEAD
        if seconds > latest:
            return max(plain, self._covered.following)
        marks = self._marks
        first = bisect_left(marks, EventId.at(latest).following, key=lambda mark: mark.id)
        ahead = [mark for mark in marks[first:] if mark.time <= latest]
        if not ahead:
            return plain
        young = next((mark for mark in ahead if mark.time >= seconds), None)
        if young is ahead[0]:
            return plain
        if young is not None:
            return young.id
        # What came after the last mark is as old as that to the second, as far as marks are known.
        last = ahead[-1]
        return last.id if seconds - last.time <= SPACING else max(last.id, self._covered).following
