"""A log in memory that keeps the contract of `EventLog`, and loses what a test tells it to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.log.id_times import IdTimes

T = TypeVar("T")


@dataclass
class MemoryLog:
    """Events in id order. `is_away` makes each call fail that asks an engine."""

    clock: Callable[[], float]
    events: list[Event] = field(default_factory=list)
    is_away: bool = False
    meanwhile: Callable[[], None] | None = None  # done once, when a long read has been made
    skipped: int = 0

    def __post_init__(self) -> None:
        self._last = EventId(0, 0)
        self._times = IdTimes(self.clock)

    def append(self, events: Sequence[Event]) -> list[EventId]:
        self._ask()
        now = self.clock()
        ids: list[EventId] = []
        for event in events:
            self._last = max(EventId.at(now), self._last.following)
            self.events.append(msgspec.structs.replace(event, id=self._last))
            ids.append(self._last)
        if ids:
            self._times.note(ids[-1])
            mark = self._times.mark_for(ids[0], now)
            self._times.add([mark] if mark else [])
        return ids

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        raise NotImplementedError

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        self._ask()
        return [event for event in self.events if event.id and event.id > after][:limit]

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        self._ask()
        found = [event for event in self.events if event.id and first <= event.id <= last]
        if names is not None:
            wanted = set(names)
            found = [event for event in found if event.name in wanted]
        if hosts is not None:
            those = set(hosts)
            found = [event for event in found if event.host in those]
        return found[:limit]

    def latest(self) -> list[Event]:
        self._ask()
        newest = {(event.host, event.name): event for event in self.events}
        return sorted(newest.values(), key=lambda event: event.id or EventId(0, 0))

    def oldest(self) -> EventId | None:
        self._ask()
        return self.events[0].id if self.events else None

    def newest(self) -> EventId | None:
        self._ask()
        return self.events[-1].id if self.events else None

    def id_at(self, seconds: float) -> EventId:
        return self._times.id_at(seconds)

    def time_of(self, event_id: EventId) -> float:
        return self._times.time_of(event_id)

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        result = read(self)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return result

    def kept(self, name: str, known: str | None) -> bytes | None:
        raise NotImplementedError

    def keep(self, name: str, before: str, kept: bytes) -> bool:
        raise NotImplementedError

    def wait(self, timeout: float) -> list[Unpersisted]:
        return []

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        raise NotImplementedError

    def size(self) -> int:
        return len(self.events)

    def close(self) -> None:
        pass

    def _ask(self) -> None:
        if self.is_away:
            raise LogUnavailable("the log is away")
