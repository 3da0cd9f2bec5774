"""The events of some names, one after the other, from memory where they are there."""

from collections.abc import Set
from typing import TYPE_CHECKING

from dashboard.events.encoded import LOG_START
from dashboard.events.event import Event
from dashboard.events.filter import Filter
from dashboard.log.contract import HistoryAccess
from dashboard.log.scan import walk

if TYPE_CHECKING:
    from dashboard.streaming.replay_buffer import ReplayBuffer

_SIZE = 1 << 20  # bytes of events that are returned at a time


class Following:
    """Follows the log after `position`, which others may set."""

    def __init__(self, log: HistoryAccess, buffer: "ReplayBuffer", names: Set[str]) -> None:
        """`buffer` has the newest stretch of the log."""
        self.position = LOG_START
        self._log = log
        self._buffer = buffer
        self._names = frozenset(names)

    def next(self) -> list[Event]:
        """Return the next events, and go on behind them. Raises LogUnavailable."""
        if self._buffer.covers(self.position):
            wanted = Filter(names=self._names)
            taken, self.position = self._buffer.next_events(wanted, self.position, _SIZE)
            return [encoded.event for encoded in taken]
        last = self._buffer.position
        if last <= self.position:
            return []
        first = self.position.following
        found = self._log.with_reader(lambda log: list(walk(log, first, last, names=self._names)))
        self.position = last
        return found
