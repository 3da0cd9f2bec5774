"""What a worker remembers of the log: the newest of each host and name, and the last stretch.

A stream that joins or comes back after a short absence is told from here; the log is read only for
what is older. The stretch is bounded by its bytes.
"""

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice

from dashboard.event import EventId
from dashboard.filter import Filter
from dashboard.wire import NOWHERE, Encoded, id_of

_BYTES = 1 << 20  # some ten minutes of one machine

Key = tuple[str, str | None]  # host and name


class Recent:
    """The newest events and the last stretch, up to `position`."""

    def __init__(self, *, retention: float, clock: Callable[[], float] = time.time) -> None:
        """Events older than `retention` seconds are forgotten, as the log forgets them."""
        self.position = NOWHERE
        self._retention = retention
        self._clock = clock
        self._latest: dict[Key, Encoded] = {}
        self._heard_at: dict[Key, float] = {}  # by the monotonic clock
        self._stretch: deque[Encoded] = deque()
        self._stretch_bytes = 0
        self._stretch_after = NOWHERE  # every event above this id, up to position, is kept

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

    def add(self, encoded: Encoded) -> None:
        """Remember the next event of the log. One that was not logged is only the newest."""
        self._set_latest(encoded, time.monotonic())
        if encoded.event.id is None:
            return
        if self.position == NOWHERE:
            self._stretch_after = encoded.event.id  # the log was empty: nothing came before
        self.position = encoded.event.id
        self._keep(encoded)

    def _keep(self, encoded: Encoded) -> None:
        self._stretch.append(encoded)
        self._stretch_bytes += len(encoded.event.data)
        while self._stretch_bytes > _BYTES:
            oldest = self._stretch.popleft()
            self._stretch_bytes -= len(oldest.event.data)
            self._stretch_after = id_of(oldest)

    def lose(self) -> None:
        """The log has lost its events: what comes next has nothing before it."""
        self._stretch.clear()
        self._stretch_bytes = 0
        self._stretch_after = self.position

    def covers(self, after: EventId) -> bool:
        """Whether everything after an id, up to `position`, is in the stretch."""
        return self.position >= after >= self._stretch_after > NOWHERE

    def since(self, after: EventId) -> list[Encoded]:
        """Everything after an id that `covers` says yes to."""
        start = bisect_right(self._stretch, after, key=id_of)
        return list(islice(self._stretch, start, None))

    def latest(self, filter: Filter) -> list[Encoded]:
        """The newest event of each host and name that the filter wants, in id order."""
        self._forget_expired()
        return sorted(filter.pick(self._latest.values()), key=id_of)

    def hosts(self) -> set[str]:
        """The hosts that have an event in the log."""
        self._forget_expired()
        return {host for host, _ in self._latest}

    def age(self, host: str, name: str) -> float | None:
        """Seconds since there was an event of a host and name; None when there is none.

        By the monotonic clock, so that no step of the wall clock makes old figures look new.
        """
        heard_at = self._heard_at.get((host, name))
        return None if heard_at is None else time.monotonic() - heard_at

    def _set_latest(self, encoded: Encoded, heard_at: float) -> None:
        key = encoded.event.host, encoded.event.name
        self._latest[key] = encoded
        self._heard_at[key] = heard_at

    def _forget_expired(self) -> None:
        end = self._clock() - self._retention
        for key, encoded in list(self._latest.items()):
            if encoded.event.id is not None and encoded.event.id.time < end:
                del self._latest[key]
                del self._heard_at[key]
