"""What a worker remembers of the log: the newest of each host and name, and the last stretch.

A stream that joins or comes back after a short absence is told from here; the log is read only for
what is older. The stretch is the last ten minutes of one machine, and of many machines the last
seconds, in which whoever was cut off comes back.
"""

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from dashboard.events.encoded import LOG_START, Encoded, id_of
from dashboard.events.event import EventId
from dashboard.events.filter import Filter

# What is older than so many seconds is kept only in so many bytes, and never more than the most.
SECONDS = 15.0
LEAST_BYTES = 1 << 20
MOST_BYTES = 64 << 20
_OVERHEAD = 400  # bytes that an event takes beside its data

Key = tuple[str, str | None]  # host and name


def cost(encoded: Encoded) -> int:
    """Bytes of memory that an event takes, roughly."""
    return len(encoded.event.data) + _OVERHEAD


class ReplayBuffer:
    """The newest events and the last stretch, up to `position`."""

    def __init__(self, *, retention: float, clock: Callable[[], float] = time.time) -> None:
        """Events older than `retention` seconds are forgotten, as the log forgets them."""
        self.position = LOG_START
        self.seq = 0  # of the newest event: how many have come
        self.last_unpersisted_seq = 0  # the number of the newest one that was not logged
        self._retention = retention
        self._clock = clock
        self._latest: dict[Key, Encoded] = {}  # in the order in which they came
        self._heard_at: dict[Key, float] = {}  # by the monotonic clock
        self._stretch: deque[Encoded] = deque()
        self._stretch_bytes = 0
        self._stretch_after = LOG_START  # every event above this id, up to position, is kept

    def load(self, newest: Iterable[Encoded], stretch: Iterable[Encoded], after: EventId) -> None:
        """Begin with what the log has: the newest of each host and name, and its last stretch.

        `stretch` is every event above the id `after`, up to the newest of all.
        """
        for encoded in newest:
            age = max(0.0, self._clock() - id_of(encoded).time)
            self._set_latest(encoded, time.monotonic() - age)
            self.position = max(self.position, id_of(encoded))
        self._stretch_after = after
        for encoded in stretch:
            self._keep(encoded)

    def add(self, batch: Iterable[Encoded]) -> None:
        """Remember the next events of the log. One that was not logged is only the newest."""
        now = time.monotonic()
        for encoded in batch:
            self._set_latest(encoded, now)
            event_id = encoded.event.id
            if event_id is None:
                self.last_unpersisted_seq = self.seq
                continue
            if self.position == LOG_START:
                self._stretch_after = event_id  # the log was empty: nothing came before
            self.position = event_id
            self._keep(encoded)

    def _keep(self, encoded: Encoded) -> None:
        self._stretch.append(encoded)
        self._stretch_bytes += cost(encoded)
        while self._stretch_bytes > LEAST_BYTES and (
            self._stretch_bytes > MOST_BYTES
            or id_of(self._stretch[0]).time < id_of(encoded).time - SECONDS
        ):
            oldest = self._stretch.popleft()
            self._stretch_bytes -= cost(oldest)
            self._stretch_after = id_of(oldest)

    def lose(self) -> None:
        """The log has lost its events: what comes next has nothing before it."""
        self._stretch.clear()
        self._stretch_bytes = 0
        self._stretch_after = self.position

    def covers(self, after: EventId) -> bool:
        """Whether everything after an id, up to `position`, is in the stretch."""
        return self.position >= after >= self._stretch_after > LOG_START

    def events_after(self, after: EventId) -> list[Encoded]:
        """Everything after an id that `covers` says yes to."""
        start = bisect_right(self._stretch, after, key=id_of)
        return list(islice(self._stretch, start, None))

    def lacks_more_than(self, size: int, after: EventId) -> bool:
        """Whether what came after an id has more than so many bytes on the wire."""
        total = 0
        for encoded in reversed(self._stretch):
            if id_of(encoded) <= after:
                return False
            total += len(encoded.wire)
            if total > size:
                return True
        return False

    def latest(self, filter: Filter) -> list[Encoded]:
        """The newest event of each host and name that the filter wants, in id order."""
        self._forget_expired()
        return sorted(filter.pick(self._latest.values()), key=id_of)

    def newer_than(self, filter: Filter, seq: int) -> list[Encoded]:
        """Those of them that came after the event of a number, in the order in which they came."""
        found = []
        for encoded in reversed(self._latest.values()):
            if encoded.seq <= seq:
                break
            found.append(encoded)
        return filter.pick(reversed(found))

    def hosts(self) -> set[str]:
        """The hosts that have an event in the log."""
        self._forget_expired()
        return {host for host, _ in self._latest}

    def newest(self, host: str, name: str) -> Encoded | None:
        """The newest event of a host and name."""
        return self._latest.get((host, name))

    def age(self, host: str, name: str) -> float | None:
        """Seconds since there was an event of a host and name; None when there is none.

        By the monotonic clock, so that no step of the wall clock makes old figures look new.
        """
        heard_at = self._heard_at.get((host, name))
        return None if heard_at is None else time.monotonic() - heard_at

    def _set_latest(self, encoded: Encoded, heard_at: float) -> None:
        self.seq += 1
        encoded.seq = self.seq
        key = encoded.event.host, encoded.event.name
        self._latest.pop(key, None)  # so that it comes last
        self._latest[key] = encoded
        self._heard_at[key] = heard_at

    def _forget_expired(self) -> None:
        end = self._clock() - self._retention
        expired = []
        for key, encoded in self._latest.items():
            if encoded.event.id is None:
                continue
            if encoded.event.id.time >= end:
                break
            expired.append(key)
        for key in expired:
            del self._latest[key]
            del self._heard_at[key]
