"""Counts of the names that a log has: hosts, and kinds of event (pairs of host and name).

They change with each newest event, so that a question about them costs nothing. A host is *sampled*
if it has an event of a metric family; what else is published is counted apart.
"""

from dashboard.events.event import Event
from dashboard.metrics import FAMILIES

Kind = tuple[str, str | None]  # host and name

_FAMILIES = frozenset(family.name for family in FAMILIES)
_OF_MACHINES = _FAMILIES | {"alert"}  # of which a host has one each
_SCREEN = "screen."


class KnownNames:
    """The names of one log, as far as a worker has heard of them."""

    def __init__(self) -> None:
        self.published = 0  # kinds of event that are no machine's own
        self.published_bytes = 0  # data of the newest event of each of them
        self.screens: dict[Kind, None] = {}  # kinds of event about screens
        self._hosts: dict[str, int] = {}  # number of kinds
        self._sampled: dict[str, int] = {}  # number of families
        self._published: dict[str, int] = {}  # number of published kinds

    @property
    def hosts(self) -> set[str]:
        """All hosts."""
        return set(self._hosts)

    @property
    def sampled_hosts(self) -> int:
        """The number of hosts that are sampled."""
        return len(self._sampled)

    @property
    def published_hosts(self) -> int:
        """The number of hosts that are not."""
        return len(self._hosts) - len(self._sampled)

    def has_host(self, host: str) -> bool:
        """Return True if a host has any event."""
        return host in self._hosts

    def is_sampled(self, host: str) -> bool:
        """Return True if a host has an event of a metric family."""
        return host in self._sampled

    def published_of(self, host: str) -> int:
        """Return the number of published kinds of event of a host."""
        return self._published.get(host, 0)

    def add(self, event: Event) -> None:
        """Count the first event of its kind."""
        self._count(event, 1)

    def replace(self, before: Event, event: Event) -> None:
        """Count an event in place of the one before of its kind."""
        if event.name not in _OF_MACHINES:
            self.published_bytes += len(event.data) - len(before.data)

    def remove(self, event: Event) -> None:
        """Forget the only event of its kind that was counted."""
        self._count(event, -1)

    def _count(self, event: Event, step: int) -> None:
        host, name = event.host, event.name
        _add(self._hosts, host, step)
        if name in _FAMILIES:
            _add(self._sampled, host, step)
        if name not in _OF_MACHINES:
            _add(self._published, host, step)
            self.published += step
            self.published_bytes += step * len(event.data)
        if name is not None and name.startswith(_SCREEN):
            self.screens[host, name] = None
            if step < 0:
                del self.screens[host, name]


def _add(counts: dict[str, int], key: str, step: int) -> None:
    counts[key] = counts.get(key, 0) + step
    if not counts[key]:
        del counts[key]
