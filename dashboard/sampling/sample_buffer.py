"""Samples on their way to the log, which may be away: in order, in batches, within bounds.

Whoever puts a batch in never waits. While the log takes nothing, each batch is announced once to
those who watch now, and stays here. Each attempt has a key, so a batch whose answer was lost is
logged once. When there is no room the oldest go, a whole stretch of them, so that they show as a
gap; alerts among them stay, as nobody would say them again.

What waits is a `RetryBuffer` (log/retry_buffer.py).
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import gevent
from gevent.event import Event as Flag

from dashboard.alerts import model as alert
from dashboard.events.event import Event, Unpersisted
from dashboard.log.contract import LogUnavailable, Refused, SampleLog
from dashboard.log.retry_buffer import Backoff, Batch, RetryBuffer

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
        self._buffer = RetryBuffer(together=_TOGETHER, backoff=Backoff(*_PAUSES))
        self._kept_alerts: deque[Event] = deque(maxlen=_MOST_ALERTS)  # alerts of what was dropped
        self._dropped = 0  # since the log went away
        self._reason: str | None = None  # why the log takes nothing, while it does not
        self._away_since = 0.0
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
        left = self._buffer.events + len(self._kept_alerts)
        if left:
            logger.warning("%d events were not logged", left)
        self._instruments.held.set(0)

    def add(self, events: Sequence[Event]) -> None:
        """Take one batch, to be logged after all that were put in before."""
        self._buffer.put(Batch(events))
        if self._reason is not None:
            self._broadcast(self._reason)
        buffer = self._buffer
        while buffer.queue and (
            buffer.events > self._most_events or buffer.size > self._most_bytes
        ):
            self._drop()
        self._instruments.held.set(self._buffer.events)
        self._empty.clear()
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.wait()
            if self._kept_alerts and not self._buffer.under_way:
                self._buffer.put(Batch(self._kept_alerts, is_broadcast=True), first=True)
                self._kept_alerts.clear()
            events = self._buffer.next()
            if events:
                gevent.sleep(self._deliver(events))
            else:
                self._changed.clear()
                self._empty.set()

    def _deliver(self, events: list[Event]) -> float:
        """Try to log what is next; return the seconds until the next attempt."""
        try:
            with self._instruments.append.time():
                self._log.append_idempotent(self._buffer.key, "", events)
        except LogUnavailable as error:
            self._instruments.append_failures.inc()
            if isinstance(error, Refused) and error.is_content:
                self._give_up(self._buffer.refused(error.index), str(error))
                return 0
            is_refused = isinstance(error, Refused)
            if self._reason is None or is_refused != self._is_refused:
                logger.warning("%s; samples are held until it takes them", error)
            self._is_refused = is_refused
            self._broadcast(str(error))
            return REFUSED_PAUSE if is_refused else self._buffer.backoff.next()
        except Exception:
            logger.exception("these events can't be logged")
            self._buffer.done()
            self._give_up(events, "a failure of this program")
            return 0
        if self._reason is not None:
            logger.info("the log is back after %.0f s", time.monotonic() - self._away_since)
            if self._dropped:
                logger.warning("%d events were dropped meanwhile", self._dropped)
        self._reason, self._dropped = None, 0
        is_backlog = len(self._buffer.under_way) > 1 and self._buffer.queue
        self._buffer.done()
        self._instruments.held.set(self._buffer.events)
        self._on_logged(events)
        return _PACE if is_backlog else 0

    def _broadcast(self, reason: str) -> None:
        """Announce what was not announced yet."""
        if self._reason is None:
            self._away_since = time.monotonic()
        self._reason = reason
        # The newest come last, and all before those that were announced have been, too.
        fresh: list[Batch] = []
        for batch in reversed(self._buffer.queue):
            if batch.is_broadcast:
                break
            fresh.append(batch)
        for batch in [*self._buffer.under_way, *reversed(fresh)]:
            if not batch.is_broadcast:
                batch.is_broadcast = True
                self._log.broadcast_unpersisted(Unpersisted(reason, batch.events))

    def _drop(self) -> None:
        """Make room: the oldest stretch goes."""
        buffer = self._buffer
        most_events = buffer.events - buffer.events // _STRETCH - 1
        most_bytes = buffer.size - buffer.size // _STRETCH - 1
        if not self._dropped:
            logger.warning("no room for more samples: the oldest are dropped")
        while buffer.queue and (buffer.events > most_events or buffer.size > most_bytes):
            events = buffer.drop_oldest().events
            kept = [event for event in events if event.name == alert.EVENT]
            self._kept_alerts.extend(kept)
            self._note_dropped(len(events) - len(kept))

    def _give_up(self, events: list[Event], reason: str) -> None:
        # What is wrong with a figure is wrong with the next one, too.
        if events and reason not in self._given_up_for:
            logger.warning("%s; such events are dropped", reason)
            self._given_up_for = [*self._given_up_for, reason][-_MOST_REASONS:]
        self._note_dropped(len(events))

    def _note_dropped(self, count: int) -> None:
        self._dropped += count
        self._instruments.held_dropped.inc(count)
