"""Samples on their way to the log, which may be away: in order, in batches, within bounds.

Whoever puts a batch in never waits. While the log takes nothing, each batch is announced once to
those who watch now, and stays here. Each attempt has a key, so a batch whose answer was lost is
logged once. When there is no room the oldest go, a whole stretch of them, so that they show as a
gap; alerts among them stay, as nobody would say them again.

`log/line_buffer.py` does the like for lines, in a thread, and lets who writes wait for room.
"""

import logging
import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event as Flag

from dashboard.alerts import model as alert
from dashboard.events.event import Event, Unpersisted
from dashboard.log.contract import LogUnavailable, Refused, SampleLog

if TYPE_CHECKING:
    from dashboard.telemetry.counters import Instruments

logger = logging.getLogger(__name__)

MOST_EVENTS = 20_000  # three quarters of an hour of one machine at one sample a second
MOST_BYTES = 8 << 20  # of their data
_STRETCH = 20  # that part of what is held goes at once when there is no room
_TOGETHER = 200, 64 << 10  # events and bytes that are sent together once the log is back
_PACE = 0.02  # seconds between two of these: all who watch are sent them, too
_PAUSES = 0.1, 2.0  # seconds between two attempts, the first and the longest
REFUSED_PAUSE = 30.0  # where somebody has to change something first
_MOST_ALERTS = 1000
_MOST_REASONS = 50  # that are known to have been said


class _Batch:
    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.size = sum(len(event.data) for event in events)
        self.is_broadcast = False


class SampleBuffer:
    """A bounded queue before a log, and the greenlet that empties it."""

    def __init__(
        self,
        log: SampleLog,
        instruments: "Instruments",
        *,
        on_logged: Callable[[Sequence[Event]], None] = lambda events: None,
        most_events: int = MOST_EVENTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """`on_logged` is called with what the log has taken."""
        self._log = log
        self._instruments = instruments
        self._on_logged = on_logged
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._queue: deque[_Batch] = deque()
        self._under_way: list[_Batch] = []
        self._kept_alerts: deque[Event] = deque(maxlen=_MOST_ALERTS)  # alerts of what was dropped
        self._events = 0  # of the queue
        self._bytes = 0
        self._dropped = 0  # since the log went away
        self._reason: str | None = None  # why the log takes nothing, while it does not
        self._given_up_for: list[str] = []  # reasons that were said
        self._is_refused = False  # whether that was said to be for somebody to change
        self._changed = Flag()
        self._empty = Flag()
        self._empty.set()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Begin to send."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self, timeout: float) -> None:
        """Give what is held so many seconds to be logged; the rest is lost."""
        if self._reason is None:
            self._empty.wait(timeout)
        if self._greenlet is not None:
            self._greenlet.kill()
        left = self._events + sum(len(batch.events) for batch in self._under_way)
        if left:
            logger.warning("%d events were not logged", left)
        self._instruments.held.set(0)

    def add(self, events: Sequence[Event]) -> None:
        """Take one batch, to be logged after all that were put in before."""
        batch = _Batch(list(events))
        self._queue.append(batch)
        self._count(batch, 1)
        if self._reason is not None:
            self._broadcast(self._reason)
        while self._events > self._most_events or self._bytes > self._most_bytes:
            self._drop()
        self._empty.clear()
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.wait()
            batches = self._next()
            if not batches:
                self._changed.clear()
                self._empty.set()
                continue
            self._under_way = batches
            self._deliver([event for batch in batches for event in batch.events])
            self._under_way = []

    def _next(self) -> list[_Batch]:
        """The oldest batches; one, as long as the log keeps up."""
        most_events, most_bytes = _TOGETHER
        batches: list[_Batch] = []
        if self._kept_alerts:
            batches.append(_Batch(list(self._kept_alerts)))
            batches[0].is_broadcast = True
            self._kept_alerts.clear()
        events = size = 0
        while self._queue:
            events += len(self._queue[0].events)
            size += self._queue[0].size
            if batches and (events > most_events or size > most_bytes):
                break
            batches.append(self._queue.popleft())
            self._count(batches[-1], -1)
        return batches

    def _deliver(self, events: list[Event]) -> None:
        key = uuid.uuid4().hex
        pause, longest = _PAUSES
        since = time.monotonic()
        while True:
            try:
                with self._instruments.append.time():
                    self._log.append_idempotent(key, "", events)
                break
            except LogUnavailable as error:
                self._instruments.append_failures.inc()
                if isinstance(error, Refused) and error.is_content:
                    key, events = uuid.uuid4().hex, self._without_refused(events, error)
                    if not events:
                        return
                    continue
                is_refused = isinstance(error, Refused)
                if self._reason is None or is_refused != self._is_refused:
                    logger.warning("%s; samples are held until it takes them", error)
                self._is_refused = is_refused
                self._broadcast(str(error))
                if is_refused:
                    gevent.sleep(REFUSED_PAUSE)
                    continue
            except Exception:
                logger.exception("these events can't be logged")
                self._give_up(events, "a failure of this program")
                return
            gevent.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(2 * pause, longest)
        if self._reason is not None:
            logger.info("the log is back after %.0f s", time.monotonic() - since)
            if self._dropped:
                logger.warning("%d events were dropped meanwhile", self._dropped)
        self._reason, self._dropped = None, 0
        self._on_logged(events)
        if len(self._under_way) > 1 and self._queue:
            gevent.sleep(_PACE)

    def _broadcast(self, reason: str) -> None:
        """Announce what was not announced yet."""
        self._reason = reason
        # The newest come last, and all before those that were announced have been, too.
        fresh: list[_Batch] = []
        for batch in reversed(self._queue):
            if batch.is_broadcast:
                break
            fresh.append(batch)
        for batch in [*self._under_way, *reversed(fresh)]:
            if not batch.is_broadcast:
                batch.is_broadcast = True
                self._log.broadcast_unpersisted(Unpersisted(reason, batch.events))

    def _drop(self) -> None:
        """Make room: the oldest stretch goes."""
        most_events = self._events - self._events // _STRETCH - 1
        most_bytes = self._bytes - self._bytes // _STRETCH - 1
        if not self._dropped:
            logger.warning("no room for more samples: the oldest are dropped")
        while self._queue and (self._events > most_events or self._bytes > most_bytes):
            batch = self._queue.popleft()
            self._count(batch, -1)
            kept = [event for event in batch.events if event.name == alert.EVENT]
            self._kept_alerts.extend(kept)
            self._note_dropped(len(batch.events) - len(kept))

    def _without_refused(self, events: list[Event], error: Refused) -> list[Event]:
        """The events that are left to be tried when some are refused for what they are."""
        index = 0 if len(events) == 1 else error.index
        if index is None or index >= len(events):  # too much at once, say
            half = len(events) // 2
            self._deliver(events[:half])
            return events[half:]
        self._give_up(events[index : index + 1], str(error))
        return events[:index] + events[index + 1 :]

    def _give_up(self, events: list[Event], reason: str) -> None:
        # What is wrong with a figure is wrong with the next one, too.
        if reason not in self._given_up_for:
            logger.warning("%s; such events are dropped", reason)
            self._given_up_for = [*self._given_up_for, reason][-_MOST_REASONS:]
        self._note_dropped(len(events))

    def _note_dropped(self, count: int) -> None:
        self._dropped += count
        self._instruments.held_dropped.inc(count)

    def _count(self, batch: _Batch, sign: int) -> None:
        self._events += sign * len(batch.events)
        self._bytes += sign * batch.size
        self._instruments.held.set(self._events)
