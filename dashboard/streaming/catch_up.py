"""What a reader lacks after an id: whether it can be told at all, and that in pieces.

What the hub has in memory comes from there, the stretch before it from the log.
"""

from collections.abc import Callable

from dashboard.events.encoded import Encoded, id_of
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.log.contract import EventLog
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.streaming.snapshot import Snapshots
from dashboard.streaming.tail import Tail

_BATCH = 1000  # events of the log that are read at once


class Replay:
    """What streams that are behind ask a worker for."""

    def __init__(
        self,
        log: EventLog,
        buffer: ReplayBuffer,
        snapshots: Snapshots,
        tail: Tail,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._log = log
        self._buffer = buffer
        self._snapshots = snapshots
        self._tail = tail
        self._clock = clock

    def can_replay(self, after: EventId, replay: float) -> bool:
        """Whether everything after an id can be told: it is of this log and recent enough.

        Reads the log when the id is older than what the hub holds. Raises LogUnavailable.
        """
        if self._clock() - after.time > replay:
            return False
        if after > self._buffer.position and not self._tail.catches_up_with(after):
            return False
        if self._buffer.covers(after):
            return True
        oldest = self._log.with_reader(lambda log: log.oldest())
        return oldest is not None and after >= oldest

    def needs_chunks(self, filter: Filter, after: EventId) -> bool:
        """Whether what a stream lacks after an id is not in memory, or too much for one block."""
        if not self._buffer.covers(after):
            return True
        return self._snapshots.needs_chunks(filter, after)

    def next_chunk(self, filter: Filter, after: EventId) -> tuple[Frame, EventId]:
        """The next piece of what a stream that is far behind lacks, and the id where it ends.

        Raises LogUnavailable.
        """
        if self._buffer.covers(after):
            return self._snapshots.next_chunk(filter, after)
        events, reached = self.read_next(after, filter)
        return Frame(filter.wire(events)), reached

    def read_next(self, after: EventId, filter: Filter) -> tuple[list[Encoded], EventId]:
        """What the filter wants of the next stretch after an id, and the id where that ends.

        Whoever gets back the hub's own `position` has everything and, as long as it does not let
        go of the event loop in between, may join the feed. Raises LogUnavailable.
        """
        reached = self._buffer.position
        if self._buffer.covers(after):
            batch = self._buffer.events_after(after)
        else:
            batch = self._read_back(after, reached, filter)
            if len(batch) == _BATCH:
                reached = id_of(batch[-1])
        return filter.pick(batch), reached

    def _read_back(self, after: EventId, last: EventId, filter: Filter) -> list[Encoded]:
        names, hosts = filter.logged_names, filter.hosts_among(self._buffer.hosts())

        def read(log: EventLog) -> list[Event]:
            return log.read_range(after.following, last, names=names, hosts=hosts, limit=_BATCH)

        return [Encoded.of(event) for event in self._log.with_reader(read)]
