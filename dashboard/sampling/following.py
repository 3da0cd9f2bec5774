"""The events of some names, one after the other, from memory where they are there."""

from collections.abc import Set
from itertools import islice
from typing import TYPE_CHECKING

from dashboard.events.encoded import LOG_START
from dashboard.events.event import Event
from dashboard.events.filter import Filter
from dashboard.log.contract import HistoryAccess, LogReader
from dashboard.log.scan import walk

if TYPE_CHECKING:
    from dashboard.streaming.replay_buffer import ReplayBuffer

_SIZE = 1 << 20  # bytes of events that are returned at a time from memory
_MOST = 1000  # events that are returned at a time from the log


class Following:
    """Follows the log after `position`, which others may set."""

    def __init__(self, log: HistoryAccess, buffer: "ReplayBuffer", names: Set[str]) -> None:
        """`buffer` has the newest stretch of the log."""
        self.position = LOG_START
        self._log = log
        self._buffer = buffer
        self._names = frozenset(names)

    def next(self) -> list[Event]:
        """Return the next events, some at a time, and go on behind them. Raises LogUnavailable."""
        if self._buffer.covers(self.position):
            wanted = Filter(names=self._names)
            taken, self.position = self._buffer.next_events(wanted, self.position, _SIZE)
            return [encoded.event for encoded in taken]
        last = self._buffer.position
        if last <= self.position:
            return []
        first = self.position.following

        def some(log: LogReader) -> list[Event]:
            return list(islice(walk(log, first, last, names=self._names), _MOST))

        found = self._log.with_reader(some)
        newest = found[-1].id if len(found) == _MOST else None
        self.position = last if newest is None else newest
        return found
