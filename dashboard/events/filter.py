"""What a stream wants: which events, how often, how much of each, one by one or not. Pure.

Hosts are patterns, in which `*` stands for any run of characters, also none. A filter is held to
the right of whoever asks, which may cover less than was asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dashboard.events.batch import encode_batches
from dashboard.events.encoded import Encoded
from dashboard.events.event import UNNAMED, Event
from dashboard.events.glob import fits
from dashboard.events.projection import Paths, paths_of
from dashboard.events.scope import WHOLE, Right


@dataclass(frozen=True, slots=True)
class Filter:
    """Names ("message" for the unnamed) and patterns of hosts, None for all.

    `every` is in seconds. `fields` is what is wanted of the events that it names
    (events/projection.py), None for all. With `batch` what goes out together is one event
    (events/batch.py). `right` is the reader's, beyond which nothing is wanted, whatever else is.
    """

    names: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    every: float | None = None
    fields: frozenset[str] | None = None
    batch: bool = False
    right: Right = WHOLE

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
        return (self.names is None or name in self.names) and (
            self.right is WHOLE or self.right.covers_name(name)
        )

    def wants_host(self, host: str) -> bool:
        """Whether events of a host are wanted."""
        return (self.hosts is None or fits(self.hosts)(host)) and (
            self.right is WHOLE or self.right.covers_host(host)
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
        if self.hosts is None and self.right is WHOLE:
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
        if self.batch:
            return encode_batches((each.event, each.item(self.fields)) for each in events)
        if self.fields is None:
            return b"".join(encoded.wire for encoded in events)
        return b"".join(encoded.thinned(self.fields) for encoded in events)
