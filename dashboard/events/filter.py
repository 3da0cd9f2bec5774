"""The filter of a stream or a query: which events, how often, which fields, batched or not. Pure.

Hosts are glob patterns (events/glob.py). A filter is restricted to the scope of its request, which
may allow less than the filter names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from dashboard.events.batch import encode_batches
from dashboard.events.encoded import Encoded
from dashboard.events.event import UNNAMED, Event
from dashboard.events.glob import fits
from dashboard.events.projection import Projection, projection_for
from dashboard.events.scope import FULL, Scope

_RUN_OF_STARS = re.compile(r"\*+")
_COST_OF_EDITING = 4  # what `fields` and `batch` cost, next to passing events on as they are
_FEW = 10  # hosts; of so few there is not much to edit


@dataclass(frozen=True, slots=True)
class Filter:
    """Event names ("message" is the unnamed) and glob patterns of hosts; None selects all.

    `every` is the conflation interval in seconds. `fields` are the fields to keep of the events
    that they name (events/projection.py), None for all. With `batch` the events of one frame are
    sent as one event (events/batch.py). Events out of `scope` are never selected.
    """

    names: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    every: float | None = None
    fields: frozenset[str] | None = None
    batch: bool = False
    scope: Scope = FULL

    def restricted_to(self, scope: Scope) -> "Filter":
        """Return a copy limited to a scope. Raises ScopeError if it names what is out of scope.

        Filters that mean the same become equal, and so share a feed.
        """
        scope.check(self.names, self.hosts)
        plain = _normal(self)
        return plain if scope is FULL else replace(plain, scope=scope)

    @property
    def cost(self) -> int:
        """What each event costs a feed of this filter, 1 for the plainest."""
        are_few = self.hosts is not None and len(self.hosts) <= _FEW and "*" not in str(self.hosts)
        if are_few or (self.fields is None and not self.batch):
            return 1
        return max(1, round(_COST_OF_EDITING / max(1.0, self.every or 1.0)))

    def wants(self, event: Event) -> bool:
        """Return True if an event is selected."""
        return self.wants_name(event.name) and self.wants_host(event.host)

    def wants_name(self, name: str | None) -> bool:
        """Return True if events of a name are selected; None is the unnamed."""
        name = name or UNNAMED
        return (self.names is None or name in self.names) and (
            self.scope is FULL or self.scope.allows_name(name)
        )

    def wants_host(self, host: str) -> bool:
        """Return True if events of a host are selected."""
        return (self.hosts is None or fits(self.hosts)(host)) and (
            self.scope is FULL or self.scope.allows_host(host)
        )

    @property
    def selection(self) -> "Filter":
        """A copy without `every`."""
        return self if self.every is None else replace(self, every=None)

    @property
    def logged_names(self) -> list[str | None] | None:
        """The names as log engines take them: a list with None for the unnamed; None for all."""
        return None if self.names is None else [None if n == UNNAMED else n for n in self.names]

    def hosts_among(self, hosts: Iterable[str]) -> list[str] | None:
        """Return the selected ones of all known hosts; None if that is every one."""
        everyone = list(hosts)
        wanted = [host for host in everyone if self.wants_host(host)]
        return None if len(wanted) == len(everyone) else wanted

    def pick(self, events: Iterable[Encoded]) -> list[Encoded]:
        """Return the selected events, in order."""
        if self.hosts is None and self.scope is FULL:
            if self.names is None:
                return list(events)
            names = self.names
            return [encoded for encoded in events if (encoded.event.name or UNNAMED) in names]
        return [encoded for encoded in events if self.wants(encoded.event)]

    def projection(self, name: str | None) -> Projection | None:
        """Return the projection for events of a name; None keeps them whole."""
        return None if self.fields is None else projection_for(self.fields, name)

    def wire(self, events: Iterable[Encoded]) -> bytes:
        """Encode selected events for the wire, projected and batched as this filter says."""
        if self.batch:
            return encode_batches((each.event, each.item(self.fields)) for each in events)
        if self.fields is None:
            return b"".join(encoded.wire for encoded in events)
        return b"".join(encoded.projected(self.fields) for encoded in events)


@lru_cache(maxsize=1024)
def _normal(filter: Filter) -> Filter:
    """Return the simplest filter that selects and keeps the same."""
    hosts, fields, names = filter.hosts, filter.fields, filter.names
    if hosts is not None and any("*" in host for host in hosts):
        hosts = frozenset(_RUN_OF_STARS.sub("*", host) for host in hosts)
        exact = {host for host in hosts if "*" not in host}
        patterns = hosts - exact
        covered = fits(patterns)
        hosts = patterns | {host for host in exact if not covered(host)}
        if "*" in hosts:
            hosts = None
    if fields is not None and names is not None:
        # Fields of events that do not come.
        prefixes = tuple(f"{name}." for name in names)
        fields = frozenset(field for field in fields if field.startswith(prefixes)) or None
    return replace(filter, hosts=hosts, fields=fields)
