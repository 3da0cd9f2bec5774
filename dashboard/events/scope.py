"""The scope of a token or link: the events and hosts it grants, and until when. Pure.

Events and hosts are glob patterns (events/glob.py). A scope is applied twice: to what a request
names, which is refused if it lies outside (`check`), and to each event, which is filtered out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dashboard.errors import ClientError
from dashboard.events.event import UNNAMED, composed
from dashboard.events.glob import fits

EVERYTHING = "*"  # as a host in a request: all hosts in scope


class ScopeError(ClientError):
    """A request names an event or a host outside of its scope; `key` is "events" or "host"."""

    def __init__(self, detail: str, *, key: str) -> None:
        super().__init__(403, detail, key=key)


@dataclass(frozen=True, slots=True)
class Scope:
    """Glob patterns of event names ("message" is the unnamed) and of hosts; None allows all.

    `expires` is in seconds since 1970, None for never. `link` is the id of the link that gives it.
    With `parts` only what one of these allows is in scope; `events` and `hosts` are all of theirs.
    """

    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    expires: float | None = None
    link: str | None = None
    parts: "tuple[Scope, ...]" = ()

    @property
    def is_full(self) -> bool:
        """True if all events of all hosts are allowed until `expires`."""
        return self.events is None and self.hosts is None and not self.parts

    def allows(self, host: str, name: str | None) -> bool:
        """Return True if an event of this host and name (None: unnamed) is in scope."""
        if self.parts:
            return any(part.allows(host, name) for part in self.parts)
        return self.allows_host(host) and self.allows_name(name or UNNAMED)

    def allows_host(self, host: str) -> bool:
        """Return True if some events of a host are in scope; of a pattern, of all its hosts."""
        return self.hosts is None or _matcher(self.hosts)(host)

    def allows_name(self, name: str) -> bool:
        """Return True if events of this name are in scope for some hosts."""
        return self.events is None or _matcher(self.events)(name)

    def check_events(self, names: Iterable[str], host: str) -> None:
        """Raise ScopeError for the first event of a host that is out of scope."""
        self.check(names, [host])
        for name in sorted(names):
            if not self.allows(host, name):
                detail = f"events: {name} of {host} is not allowed here; {self}"
                raise ScopeError(detail, key="events")

    def check(self, names: Iterable[str] | None, hosts: Iterable[str] | None) -> None:
        """Raise ScopeError for the first requested name or host that is out of scope.

        Of several parts some allow the one and some the other: events need `allows`, too.
        """
        for name in sorted(names or ()):
            if not self.allows_name(name):
                raise ScopeError(f"events: {name} is not allowed here; {self}", key="events")
        for host in sorted(hosts or ()):
            if host != EVERYTHING and not self.allows_host(host):
                raise ScopeError(f"host: {host} is not allowed here; {self}", key="host")

    def default_host(self, host: str, others: Iterable[str]) -> str:
        """Return the host for requests that name none: `host` if allowed, else another or ""."""
        if self.allows_host(host):
            return host
        for name in self.hosts or ():
            if "*" not in name:
                return name
        return min(filter(self.allows_host, others), default="")

    def __str__(self) -> str:
        """Describe the scope in words for error messages."""
        if self.parts:
            return ", or ".join(map(str, self.parts))
        events = "all events" if self.events is None else f"the events {', '.join(self.events)}"
        hosts = "all hosts" if self.hosts is None else f"the hosts {', '.join(self.hosts)}"
        return f"allowed are {events} of {hosts}"


FULL = Scope()


def union_of(scopes: Sequence[Scope]) -> Scope:
    """Return the scope of what any of some scopes allows, FULL where that is everything."""
    parts = tuple(dict.fromkeys(scopes))
    if any(part.is_full for part in parts):
        return FULL
    if len(parts) == 1:
        return parts[0]
    return Scope(
        events=_all_of([part.events for part in parts]),
        hosts=_all_of([part.hosts for part in parts]),
        parts=parts,
    )


def _all_of(lists: Sequence[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for patterns in lists:
        if patterns is None:
            return None
        found |= dict.fromkeys(patterns)
    return tuple(found)


@lru_cache(maxsize=1024)
def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    # What is matched may be a pattern, too: a `*` in it is matched by a `*` alone.
    return fits(frozenset(map(composed, patterns)))
