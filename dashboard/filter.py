"""What a stream wants: which events, how often, and how much of each. Pure.

Hosts are patterns, in which `*` stands for any run of characters, also none. A filter can be
narrowed by somebody who may allow less than was asked for; all that is asked of it then holds for
both.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dashboard.event import UNNAMED, Event, EventId
from dashboard.fields import Paths, paths_of
from dashboard.patterns import fits
from dashboard.rights import WHOLE, Right
from dashboard.wire import Encoded, id_of

_PHASES = 8


@dataclass(frozen=True, slots=True)
class Filter:
    """Names ("message" for the unnamed) and patterns of hosts, None for all.

    `every` is in seconds. `fields` is what is wanted of the events that it names
    (dashboard/fields.py), None for all. A host must fit `hosts` and each of `within`. `right` is
    the reader's, beyond which nothing is wanted, whatever else is.

    The rest tells apart the feeds of one `every`: `phase` is the grid of its periods; a young one
    has the id up to which its streams were told everything, and the number of its first period.
    """

    names: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    every: float | None = None
    fields: frozenset[str] | None = None
    within: tuple[frozenset[str], ...] = ()
    right: Right = WHOLE
    phase: int = 0
    told: EventId | None = None
    first: int | None = None

    def narrowed(
        self, names: frozenset[str] | None = None, hosts: frozenset[str] | None = None
    ) -> "Filter":
        """The same, but only events of these names and hosts (patterns); None for all."""
        filter = self
        if names is not None:
            both = names if filter.names is None else names & filter.names
            filter = replace(filter, names=both)
        if hosts is not None and filter.hosts is None:
            filter = replace(filter, hosts=hosts)
        elif hosts is not None:
            filter = replace(filter, within=(*filter.within, hosts))
        return filter

    def held_to(self, right: Right) -> "Filter":
        """The same, as far as a right goes. Raises Beyond for what is named and lies beyond it."""
        right.check(self.names, self.hosts)
        return self if right is WHOLE else replace(self, right=right)

    def wants(self, event: Event) -> bool:
        """Whether an event is among those that are wanted."""
        return self.wants_name(event.name) and self.wants_host(event.host)

    def wants_name(self, name: str | None) -> bool:
        """Whether events of a name are wanted, None for the unnamed."""
        name = name or UNNAMED
        return (self.names is None or name in self.names) and self.right.covers_name(name)

    def wants_host(self, host: str) -> bool:
        """Whether events of a host are wanted."""
        return (
            (self.hosts is None or fits(self.hosts)(host))
            and all(fits(patterns)(host) for patterns in self.within)
            and self.right.covers_host(host)
        )

    def pick(self, events: Iterable[Encoded]) -> list[Encoded]:
        """Those that are wanted."""
        return [encoded for encoded in events if self.wants(encoded.event)]

    def paths(self, name: str | None) -> Paths | None:
        """What is wanted of the events of a name; None for all of it."""
        return None if self.fields is None else paths_of(self.fields, name)

    def wire(self, events: Iterable[Encoded]) -> bytes:
        """The bytes of events that are wanted, each with what is wanted of it."""
        if self.fields is None:
            return b"".join(encoded.wire for encoded in events)
        return b"".join(encoded.thinned(self.fields) for encoded in events)

    def from_now(self, now: float, told: EventId) -> "Filter":
        """The filter for a stream that comes `now` (seconds since 1970) and was told up to an id.

        Its first period ends between N and an eighth more from now.
        """
        if self.every is None:
            return self
        slot = math.ceil(now / (self.every / _PHASES))
        young = replace(self, phase=slot % _PHASES, told=told)
        # The grid's line after now, and the middle of the period that begins there.
        line = slot * self.every / _PHASES
        return replace(young, first=young.period(line + self.every / 2))

    def grown(self) -> "Filter":
        """The same filter after the first period."""
        return replace(self, told=None, first=None)

    def period(self, time: float) -> int:
        """The number of the period that a time falls in. Only for filters with `every`."""
        assert self.every is not None
        number = math.floor((time - self._start()) / self.every)
        return number if self.first is None else max(number, self.first)

    def remaining(self, time: float) -> float:
        """Seconds from a time to the end of its period. Only for filters with `every`."""
        assert self.every is not None
        return self._start() + (self.period(time) + 1) * self.every - time

    def _start(self) -> float:
        return self.phase * (self.every or 0) / _PHASES

    def thin(self, events: Iterable[Encoded]) -> list[Encoded]:
        """Conflate a stretch of the log as the feed would have done live."""
        if self.every is None:
            return list(events)
        newest: dict[tuple[int, str, str | None], Encoded] = {}
        for encoded in events:
            event = encoded.event
            assert event.id is not None
            newest[self.period(event.id.time), event.host, event.name] = encoded
        return sorted(newest.values(), key=id_of)
