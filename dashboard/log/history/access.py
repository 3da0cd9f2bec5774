"""The history as a worker's greenlets ask for it: read in a native thread of its own."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.events.event import UNNAMED, Event, EventId
from dashboard.events.filter import Filter
from dashboard.events.paths import figures_of
from dashboard.log.contract import LogUnavailable
from dashboard.log.history.block import Rows, samples
from dashboard.log.history.builder import Limits
from dashboard.log.history.downsample import Reduced
from dashboard.log.history.past_alerts import PastAlert, whole
from dashboard.log.history.query import HistoryReader, Stretch, tier_for
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, Tier
from dashboard.log.history.transaction import Series
from dashboard.log.native_calls import run_log_call
from dashboard.posix.native_thread import NativeThread

_TRIES = 5
Hosts = dict[str, dict[str, Any]]  # by host and event name, the columns of an answer


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the past: the series that a filter wants, within a stretch.

    `drawn` are the figures wanted, as EVENT.FIELD or EVENT; None for all. `shape` makes what an
    answer has of a series.
    """

    filter: Filter
    drawn: frozenset[str] | None
    stretch: Stretch
    shape: Callable[[Reduced], Any]


class History:
    """Reads the past of all series. Without a file only the log has a past."""

    def __init__(
        self,
        path: Path | None,
        lock: Path,
        limits: Limits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`path` is the file, None where the setting HISTORY is off."""
        self._store = HistoryStore(path, lock) if path is not None else None
        self._limits = limits
        self._clock = clock
        self._thread = NativeThread()

    def position(self) -> EventId:
        """Return the id of the last event in the history; the lowest id where it has none."""
        store = self._store
        if store is None:
            return EventId(0, 0)
        try:
            return run_log_call(self._thread, store.position)
        except LogUnavailable:
            return EventId(0, 0)  # the log alone answers, as far as it goes back

    def answer(
        self, asked: Question, newest: list[Event], encode: Callable[[Hosts, str], bytes]
    ) -> bytes:
        """Return `encode(hosts, tier)` for the series that are asked for.

        `newest` are the events of the log that the history does not have. Runs in the history's
        thread.
        """

        def work() -> bytes:
            tier = tier_for(asked.stretch.span).name if self._store is not None else "log"
            return encode(self._hosts(asked, newest), tier)

        return run_log_call(self._thread, work)

    def past_alerts(self, since: float, newest: list[Event]) -> list[PastAlert]:
        """Return the alerts that were open after a time, the last to begin first.

        `newest` are events of the log that the history may not have.
        """

        def work() -> list[PastAlert]:
            try:
                if self._store is not None:
                    return self._store.past_alerts(since, newest)
            except LogUnavailable:
                pass  # the log alone answers, as far as it goes back
            return whole([], newest, since)

        return run_log_call(self._thread, work)

    def past_programs(self, at: float) -> list[Event]:
        """Return an event `processes` of each host: the minute's programs that took most CPU."""

        def work() -> list[Event]:
            if self._store is None or at < self._kept(MINUTES):
                return []
            try:
                return self._store.past_programs(at)
            except LogUnavailable:
                return []

        return run_log_call(self._thread, work)

    def close(self) -> None:
        """Close the file and end the thread."""
        self._thread.close(None if self._store is None else self._store.close)

    def _hosts(self, asked: Question, newest: list[Event]) -> Hosts:
        logged = _samples_by_series(newest)
        try:
            for _ in range(_TRIES):
                # What is built in between these two looks might count twice, or not at all.
                position = self._position()
                known = {(each.host, each.event): each for each in self._all_series()}
                newer = [event for event in newest if event.id is None or event.id > position]
                logged = _samples_by_series(newer)
                hosts = self._read(self._store, asked, known, logged)
                if self._position() == position:
                    break
        except LogUnavailable:
            hosts = self._read(None, asked, {}, logged)
        return hosts

    def _read(
        self,
        store: HistoryStore | None,
        asked: Question,
        known: dict[tuple[str, str], Series],
        logged: dict[tuple[str, str], Rows],
    ) -> Hosts:
        reader = HistoryReader(store, self._kept)
        keys = sorted(known.keys() | logged.keys())
        hosts: Hosts = defaultdict(dict)
        for host, event in keys:
            name = None if event == UNNAMED else event
            if not asked.filter.selects(host, name):
                continue
            wanted = _paths_in(asked.drawn, event)
            if asked.drawn is not None and not wanted:
                continue
            new = logged.get((host, event))
            found = reader.read(
                known.get((host, event)),
                asked.stretch,
                newest=[] if new is None else [new],
                paths=_test_of(wanted) or _test_of(_paths_in(asked.filter.fields, event)),
            )
            if found.rows.times:
                hosts[host][event] = asked.shape(found)
        return hosts

    def _position(self) -> EventId:
        return EventId(0, 0) if self._store is None else self._store.position()

    def _all_series(self) -> list[Series]:
        return [] if self._store is None else self._store.series()

    def _kept(self, tier: Tier) -> float:
        return self._clock() - self._limits.of(tier)


def _samples_by_series(events: list[Event]) -> dict[tuple[str, str], Rows]:
    rows = defaultdict(list)
    for event in events:
        found = figures_of(event)
        if found is not None:
            rows[event.host, event.name or UNNAMED].append(found)
    return {key: samples(measured) for key, measured in rows.items()}


def _paths_in(names: frozenset[str] | None, event: str) -> list[str]:
    """Return the fields of an event among names as EVENT.FIELD; "" for the event's own name."""
    prefix = f"{event}."
    found = [name.removeprefix(prefix) for name in names or () if name.startswith(prefix)]
    return [*found, ""] if names is not None and event in names else found


def _test_of(wanted: list[str]) -> Callable[[str], bool] | None:
    """Return the test of a column's path by the fields that are wanted; None for all."""
    if not wanted or "" in wanted:
        return None
    return lambda path: any(path == each or path.startswith(f"{each}.") for each in wanted)
