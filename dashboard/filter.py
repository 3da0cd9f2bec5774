"""What a stream wants: which events, how often, and how much of each. Pure.

Hosts are patterns, in which `*` stands for any run of characters, also none. A filter can be
narrowed by somebody who may allow less than was asked for; all that is asked of it then holds for
both.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from dashboard.event import UNNAMED, Event
from dashboard.fields import Paths, paths_of
from dashboard.wire import Encoded


@dataclass(frozen=True, slots=True)
class Filter:
    """Names ("message" for the unnamed) and patterns of hosts, None for all.

    `every` is in seconds. `fields` is what is wanted of the events that it names
    (dashboard/fields.py), None for all. A host must fit `hosts` and each of `within`.
    """

    names: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    every: float | None = None
    fields: frozenset[str] | None = None
    within: tuple[frozenset[str], ...] = ()

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

    def wants(self, event: Event) -> bool:
        """Whether an event is among those that are wanted."""
        return self.wants_name(event.name) and self.wants_host(event.host)

    def wants_name(self, name: str | None) -> bool:
        """Whether events of a name are wanted, None for the unnamed."""
        return self.names is None or (name or UNNAMED) in self.names

    def wants_host(self, host: str) -> bool:
        """Whether events of a host are wanted."""
        return (self.hosts is None or fits(self.hosts)(host)) and all(
            fits(patterns)(host) for patterns in self.within
        )

    @property
    def selection(self) -> "Filter":
        """The same, however often."""
        return self if self.every is None else replace(self, every=None)

    @property
    def logged_names(self) -> list[str | None] | None:
        """The names as the log has them, None for the unnamed."""
        return None if self.names is None else [None if n == UNNAMED else n for n in self.names]

    def hosts_among(self, hosts: Iterable[str]) -> list[str] | None:
        """Those of all hosts that are wanted; None for all."""
        everyone = list(hosts)
        wanted = [host for host in everyone if self.wants_host(host)]
        return None if len(wanted) == len(everyone) else wanted

    def pick(self, events: Iterable[Encoded]) -> list[Encoded]:
        """Those that are wanted."""
        if self.hosts is None and not self.within:
            if self.names is None:
                return list(events)
            names = self.names
            return [encoded for encoded in events if (encoded.event.name or UNNAMED) in names]
        return [encoded for encoded in events if self.wants(encoded.event)]

    def paths(self, name: str | None) -> Paths | None:
        """What is wanted of the events of a name; None for all of it."""
        return None if self.fields is None else paths_of(self.fields, name)

    def wire(self, events: Iterable[Encoded]) -> bytes:
        """The bytes of events that are wanted, each with what is wanted of it."""
        if self.fields is None:
            return b"".join(encoded.wire for encoded in events)
        return b"".join(encoded.thinned(self.fields) for encoded in events)


@lru_cache(maxsize=256)
def fits(patterns: frozenset[str]) -> Callable[[str], bool]:
    """Whether a host is one of those that some patterns mean, as a function of the host."""
    names = frozenset(pattern for pattern in patterns if "*" not in pattern)
    with_stars = [pattern.split("*") for pattern in patterns if "*" in pattern]
    if not with_stars:
        return names.__contains__

    @lru_cache(maxsize=4096)
    def fit(host: str) -> bool:
        return host in names or any(_fits(host, pieces) for pieces in with_stars)

    return fit


def _fits(host: str, pieces: list[str]) -> bool:
    """Whether a host is these pieces in order, with anything between; without backtracking."""
    first, *between, last = pieces
    at, end = len(first), len(host) - len(last)
    if at > end or not (host.startswith(first) and host.endswith(last)):
        return False
    for piece in between:
        found = host.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
