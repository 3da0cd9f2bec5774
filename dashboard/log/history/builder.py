"""Build the history from the log: read what is new, write parts, finish windows, trim.

Blocking; the leader runs it once a minute in a native thread. Each step is one transaction with
the position in the log, so a kill at any moment neither loses a row nor counts one twice.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.events.event import UNNAMED, Event, EventId
from dashboard.events.paths import figures_of
from dashboard.log.history.block import Rows, samples
from dashboard.log.history.downsample import Reducer, joined
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import HOURS, MINUTES, SECONDS, Tier
from dashboard.log.history.transaction import Series, Writing

GRACE = 120.0  # seconds after a window's end in which events may still arrive
_AHEAD = 3600.0  # seconds that an event's time may lie ahead of this machine's clock


@dataclass(frozen=True, slots=True)
class Limits:
    """How long rows of each tier are kept (seconds), and the most bytes in all."""

    seconds: float
    minutes: float
    hours: float
    size: int

    def of(self, tier: Tier) -> float:
        """Return the age at which rows of a tier are deleted."""
        return (self.seconds, self.minutes, self.hours)[tier.number]


class Builder:
    """The one writer of a history."""

    def __init__(
        self, store: HistoryStore, limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock
        self._interrupted = False

    def interrupt(self) -> None:
        """Let `add` and `finish`, in another thread, return before their end."""
        self._interrupted = True

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        self._store.close()
        self._interrupted = False

    def position(self) -> EventId:
        """Return the id after which the log is to be read."""
        return self._store.position()

    def add(self, events: list[Event]) -> None:
        """Build in events of the log, in id order, the next after `position`."""
        if not events or events[-1].id is None:
            return
        latest = self._clock() + _AHEAD
        oldest = self._clock() - self._limits.seconds
        series = defaultdict(list)
        for event in events:
            series[event.host, event.name or UNNAMED].append(event)
        with self._store.writing() as writing:
            for (host, event_name), mine in series.items():
                if self._interrupted:
                    return  # what is written twice counts once
                found = [(event, row) for event in mine if (row := figures_of(event)) is not None]
                in_time = [(event, row) for event, row in found if oldest <= row[0] <= latest]
                part = samples(row for _, row in in_time)
                if part.columns:
                    writing.add(SECONDS, writing.series(host, event_name), part)
                writing.add_programs(event for event, _ in in_time)
            writing.add_alerts(events)
            writing.set_position(events[-1].id)

    def finish(self) -> None:
        """Join the parts of windows that are over, and write their spans to the next tier."""
        now = self._clock()
        for tier, above in ((SECONDS, MINUTES), (MINUTES, HOURS), (HOURS, None)):
            for window, series in self._store.open_windows(tier, now - GRACE):
                if self._interrupted:
                    return
                with self._store.writing() as writing:
                    _finish(writing, tier, above, window, series)

    def trim(self) -> None:
        """Delete what is too old; beyond the size limit, the oldest of the finest tier goes."""
        now = self._clock()
        for tier in (SECONDS, MINUTES, HOURS):
            self._delete(tier, now - self._limits.of(tier))
        with self._store.writing() as writing:
            writing.trim_alerts(now - self._limits.minutes)
        for tier in (SECONDS, MINUTES, HOURS):
            while self._store.size() > self._limits.size:
                oldest = self._store.oldest(tier)
                if oldest is None or oldest + tier.window > now:
                    break
                self._delete(tier, oldest + tier.window)

    def _delete(self, tier: Tier, before: float) -> None:
        went = 1
        while went:
            with self._store.writing() as writing:
                went = writing.trim(tier, before)
            if went:
                with self._store.writing() as writing:
                    writing.free_pages()


def _finish(writing: Writing, tier: Tier, above: Tier | None, window: int, series: Series) -> None:
    parts = writing.parts(tier, window, series)
    if not parts:
        return
    rows = joined(parts)
    writing.replace(tier, window, series, rows)
    if above is not None:
        writing.add(above, series, spans_of(rows, above, window * tier.window))


def spans_of(rows: Rows, tier: Tier, start: float) -> Rows:
    """Reduce rows of one window, which starts at `start`, to the spans of a coarser tier."""
    reducer = Reducer(start, tier.span)
    reducer.add(rows)
    return reducer.spans()
