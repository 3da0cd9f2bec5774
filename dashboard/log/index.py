"""What the events of some names say, read on in the log whenever it is asked for.

So an answer is the log's own, whichever worker took the newest event. The first time all that the
log keeps is read; that is done where long reads hold up nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gevent.lock import Semaphore

from dashboard.events.encoded import LOG_START
from dashboard.events.event import Event, EventId
from dashboard.log.contract import EventLog, LogReader
from dashboard.log.scan import walk


class LogIndex:
    """Reads on the events of some names, for the greenlets of one worker."""

    def __init__(
        self,
        log: EventLog,
        names: Sequence[str],
        take: Callable[[EventId, Event], None],
        *,
        retention: float,
        clock: Callable[[], float],
    ) -> None:
        """`take` is called with each event once, in order, in the thread that reads.

        `retention` is in seconds.
        """
        self.read_to = LOG_START
        self._log = log
        self._names = names
        self._take = take
        self._retention = retention
        self._clock = clock
        self._reading = Semaphore()

    @contextmanager
    def up_to_date(self) -> Iterator[EventId]:
        """Take what the log has got, and let no other greenlet do so in the block.

        Yields the lowest id that the log keeps: what is known of events before it is to be
        forgotten. Raises LogUnavailable.
        """
        with self._reading:
            self._log.with_reader(self._read)
            yield self._kept_from(self._log)

    def _read(self, log: LogReader) -> None:
        last = log.newest()
        if last is not None:
            first = max(self.read_to.following, self._kept_from(log))
            for event in walk(log, first, last, names=self._names):
                assert event.id is not None
                self.read_to = event.id
                self._take(event.id, event)
            self.read_to = max(self.read_to, last)

    def _kept_from(self, log: LogReader) -> EventId:
        return log.id_at(self._clock() - self._retention)
