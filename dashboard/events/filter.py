"""The filter of a stream or a query: which events, how often, which fields, batched or not. Pure.

Hosts are glob patterns (events/glob.py). A filter is restricted to the scope of its request, which
may allow less than the filter names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

import msgspec

from dashboard.events.batch import encode_batches
from dashboard.events.encoded import Encoded
from dashboard.events.event import UNNAMED, Event, fields
from dashboard.events.glob import fits
from dashboard.events.projection import Projection, projection_for
from dashboard.events.scope import FULL, Scope

_RUN_OF_STARS = re.compile(r"\*+")
_COST_OF_EDITING = 4  # what `fields` and `batch` cost, next to passing events on as they are
_FEW = 10  # hosts; of so few there is not much to edit
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Filter:
    """Event names ("message" is the unnamed) and glob patterns of hosts; None selects all.

    `every` is the conflation interval in seconds. `fields` are the fields to keep of the events
    that they name (events/projection.py), None for all. With `batch` the events of one frame are
    sent as one event (events/batch.py). Events out of `scope` are never selected.

    With `others` events of all further names are selected, too, if they have a text in them; each
    is sent as a batch, as no browser listens for a name that it does not know. `others` are the
    names that are never among them, or the first part of one before a dot.
    """

    names: frozenset[str] | None = None
    hosts: frozenset[str] | None = None
    every: float | None = None
    fields: frozenset[str] | None = None
    batch: bool = False
    others: frozenset[str] | None = None
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
        if are_few or (self.fields is None and not self.batch and self.others is None):
            return 1
        return max(1, round(_COST_OF_EDITING / max(1.0, self.every or 1.0)))

    def wants(self, event: Event) -> bool:
        """Return True if an event is selected."""
        return self.selects(event.host, event.name) and (
            self.names_it(event.name) or has_text(event.data)
        )

    def selects(self, host: str, name: str | None) -> bool:
        """Return True if events of a host and name are selected; None is the unnamed."""
        return (
            self.wants_name(name)
            and self.wants_host(host)
            and (not self.scope.parts or self.scope.allows(host, name))
        )

    def names_it(self, name: str | None) -> bool:
        """Return True if a name is one of `names`."""
        return self.names is None or (name or UNNAMED) in self.names

    def wants_name(self, name: str | None) -> bool:
        """Return True if events of a name are selected; None is the unnamed."""
        name = name or UNNAMED
        return (self.names_it(name) or self._is_other(name)) and (
            self.scope is FULL or self.scope.allows_name(name)
        )

    def _is_other(self, name: str) -> bool:
        return self.others is not None and name.partition(".")[0] not in self.others

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
        if self.names is None or self.others is not None:
            return None
        return [None if n == UNNAMED else n for n in self.names]

    def hosts_among(self, hosts: Iterable[str]) -> list[str] | None:
        """Return the selected ones of all known hosts; None if that is every one."""
        everyone = list(hosts)
        wanted = [host for host in everyone if self.wants_host(host)]
        return None if len(wanted) == len(everyone) else wanted

    def pick(self, events: Iterable[Encoded]) -> list[Encoded]:
        """Return the selected events, in order."""
        if self.hosts is None and self.scope is FULL and self.others is None:
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
        if self.others is not None:
            return b"".join(self._one(encoded) for encoded in events)
        if self.fields is None:
            return b"".join(encoded.wire for encoded in events)
        return b"".join(encoded.projected(self.fields) for encoded in events)

    def _one(self, encoded: Encoded) -> bytes:
        if not self.names_it(encoded.event.name):
            return encode_batches([(encoded.event, encoded.item(self.fields))])
        return encoded.wire if self.fields is None else encoded.projected(self.fields)


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
    if fields is not None and names is not None and filter.others is None:
        # Fields of events that do not come.
        prefixes = tuple(f"{name}." for name in names)
        fields = frozenset(field for field in fields if field.startswith(prefixes)) or None
    return replace(filter, hosts=hosts, fields=fields)


@lru_cache(maxsize=256)  # one event is asked for by each of many filters
def has_text(data: str) -> bool:
    """Return True if an event's data has a text beside its host."""
    found = fields(data, _FIELDS) or {}
    return any(key != "host" and bytes(value).startswith(b'"') for key, value in found.items())
