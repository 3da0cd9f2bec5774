"""The tail of the log in one worker: reads what is new, has it delivered, waits to be woken.

While the log can't be read it goes on trying, and what comes unlogged does not wait for that. A log
that has come back without what was delivered is a loss, which everybody who watches is told of.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import gevent
from gevent.event import Event as Flag
from gevent.lock import Semaphore

from dashboard.events.encoded import LOG_START, Encoded, id_of
from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.retry_buffer import Backoff
from dashboard.log.scan import walk
from dashboard.streaming.replay_buffer import MOST_BYTES, ReplayBuffer, cost

logger = logging.getLogger(__name__)

_BATCH = 1000
_FRAME_BYTES = 256 << 10  # of a plain feed that wants everything
_LOAD_SECONDS = 60.0
_PROBE_SECONDS = 2.0
# Deliveries that may follow each other at once, and how many a second then. Many machines append
# all the time; what comes within such a moment goes out in one write to each client.
_BURST = 10
_DELIVERIES_PER_SECOND = 20.0
_SOON = 0.05  # seconds between two looks at an attempt to read a log that is away

Trouble = tuple[str, float]  # what is wrong with the log, and since when


class Receiver(Protocol):
    """Who is given what the log has."""

    replay_buffer: ReplayBuffer  # its `position` is where the tail reads on

    def deliver(self, batch: list[Event]) -> None:
        """Logged events, in id order; afterwards `position` is the last one's id."""

    def deliver_unpersisted(self, events: list[Event]) -> None:
        """Events that the log could not take."""

    def report_loss(self) -> None:
        """The log has lost what was delivered."""


class Tail:
    """Where one worker is in the log, and how it gets on."""

    def __init__(
        self, log: EventLog, receiver: Receiver, *, interval: float, clock: Callable[[], float]
    ) -> None:
        """`interval` is the seconds after which the log is looked at without having been woken."""
        self.ready = Flag()  # set once the newest events of the log are known
        self.turned_at = time.monotonic()  # when the tail last looked, whatever it found
        self._log = log
        self._receiver = receiver
        self._buffer = receiver.replay_buffer
        self._interval = interval
        self._clock = clock
        self._loaded = False
        self._reading: Trouble | None = None
        self._logging: Trouble | None = None
        self._lost: EventId | None = None  # the position whose loss has been told
        self._unpersisted_hosts: set[str] = set()  # the hosts whose events could not be logged
        self._pulling = Semaphore()

    @property
    def problem(self) -> Trouble | None:
        """Why the log can't be read, or else why it takes nothing, and since when."""
        return self._reading or self._logging

    def follow(self) -> None:
        """Tail the log for ever: read what is new, deliver it, wait to be woken."""
        backoff = Backoff(0.05, max(self._interval, 1.0))
        pace = _Pace()
        while True:
            self.turned_at = time.monotonic()
            outcome = self._try_to_pull() if self._reading is None else self._pull_beside()
            if isinstance(outcome, LogUnavailable):
                if self._reading is None:
                    logger.warning("this worker can't read the log: %s", outcome)
                self._reading = _going_on(self._reading, str(outcome), self._clock())
                self.ready.set()  # streams go on with what comes unlogged
                self._take_unpersisted(self._log.wait(backoff.next()))
                continue
            if self._reading is not None:
                logger.warning("this worker reads the log again")
            self._reading = None
            backoff.reset()
            if not outcome:
                self._take_unpersisted(self._log.wait(self._interval))
                gevent.sleep(pace.pause())

    def catches_up_with(self, after: EventId) -> bool:
        """Whether an id is of the log though not read here yet: another worker was quicker.

        If so, everything up to it is delivered. Raises LogUnavailable.
        """
        newest = self._log.with_reader(lambda log: log.newest())
        if newest is None or after > newest:
            return False
        while after > self._buffer.position:
            position = self._buffer.position
            self._pull()
            if self._buffer.position == position:
                break
        return after <= self._buffer.position

    def _try_to_pull(self) -> bool | LogUnavailable:
        try:
            return self._pull()
        except LogUnavailable as error:
            return error

    def _pull_beside(self) -> bool | LogUnavailable:
        """The same while the log is away: what comes unlogged does not wait for the attempt."""
        attempt = gevent.spawn(self._try_to_pull)
        try:
            attempt.join(_SOON)
            while not attempt.ready():
                self._take_unpersisted(self._log.wait(_SOON))
        finally:
            attempt.kill()
        outcome = attempt.value
        assert isinstance(outcome, bool | LogUnavailable), attempt.exception
        return outcome

    def _pull(self) -> bool:
        """Deliver what the log has after the position. Returns whether there may be more."""
        with self._pulling:
            if not self._loaded:
                self._load()
            elif self._reading is not None:
                self._look_for_loss()
            batch = self._log.read_after(self._buffer.position, _BATCH)
            for number, piece in enumerate(_pieces(batch)):
                if number:
                    gevent.sleep(0)  # else a large batch would run the feeds' rings over
                self._receiver.deliver(piece)
                self._note_logged(piece)
            return len(batch) == _BATCH

    def _load(self) -> None:
        """Begin where the log ends, with its last minute in memory, or as much as may be there.

        After a restart everyone comes back at once, and nobody should have to read the log.
        """

        def read(log: EventLog) -> tuple[list[Encoded], list[Encoded], EventId]:
            end_before = log.newest() or LOG_START
            newest = [Encoded.of(event) for event in log.latest()]
            if not newest:  # where they are deleted before the events, these are no news
                return [], [], end_before
            last = id_of(newest[-1])
            end = log.time_of(last)
            probe = [Encoded.of(e) for e in walk(log, log.id_at(end - _PROBE_SECONDS), last)]
            fitting = _PROBE_SECONDS * MOST_BYTES / max(1, sum(map(cost, probe)))
            start = log.id_at(max(self._clock() - _LOAD_SECONDS, end - fitting))
            stretch = [Encoded.of(event) for event in walk(log, start, last)]
            return newest, stretch, start if stretch else last

        newest, stretch, after = self._log.with_reader(read)
        oldest = self._log.with_reader(lambda log: log.oldest())
        if newest and oldest is not None and after < oldest:
            after = oldest  # an id from before the log began is not covered
        now = self._clock()
        self._buffer.load(newest, stretch, after, lambda id: max(0.0, now - self._log.time_of(id)))
        self._loaded = True
        self.ready.set()

    def _look_for_loss(self) -> None:
        """A log that was away may have come back without what it had."""
        oldest = self._log.oldest()
        position = self._buffer.position
        if position in (LOG_START, self._lost) or (oldest is not None and oldest <= position):
            return
        self._lost = position
        self._receiver.report_loss()

    def _take_unpersisted(self, announced: list[Unpersisted]) -> None:
        for unpersisted in announced:
            self._logging = _going_on(self._logging, unpersisted.reason, self._clock())
            self._unpersisted_hosts = {event.host for event in unpersisted.events}
            self._receiver.deliver_unpersisted(unpersisted.events)

    def _note_logged(self, batch: list[Event]) -> None:
        if self._logging and not self._unpersisted_hosts.isdisjoint(event.host for event in batch):
            self._logging = None


class _Pace:
    """So many deliveries at once, and then so many a second."""

    def __init__(self) -> None:
        self._left = float(_BURST)
        self._at = time.monotonic()

    def pause(self) -> float:
        """Seconds to wait before the next one."""
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _DELIVERIES_PER_SECOND) - 1
        self._at = now
        return max(0.0, -self._left / _DELIVERIES_PER_SECOND)


def _going_on(trouble: Trouble | None, reason: str, now: float) -> Trouble:
    return reason, trouble[1] if trouble else now


def _pieces(batch: list[Event]) -> Iterator[list[Event]]:
    """Cut a batch so that no frame is too large."""
    start, size = 0, 0
    for index, event in enumerate(batch):
        size += len(event.data) + 100
        if size > _FRAME_BYTES and index > start:
            yield batch[start:index]
            start, size = index, len(event.data) + 100
    if start < len(batch):
        yield batch[start:]
