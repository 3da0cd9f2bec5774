"""A right: which events of which hosts somebody may read or publish, and until when.

Events and hosts are patterns, in which `*` stands for any run of characters, also none. A right is
held against what is asked for by name, and against each event: who names more than the right covers
is refused and told what it covers; who names nothing gets what it covers.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from dashboard.events.event import UNNAMED
from dashboard.events.glob import fits

EVERYTHING = "*"  # as a host to ask for: whatever there is


class Beyond(Exception):
    """Something that a right does not cover, asked for by name; `key` is "events" or "host"."""

    def __init__(self, detail: str, *, key: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.key = key


@dataclass(frozen=True, slots=True)
class Right:
    """Patterns of events' names ("message" is the unnamed) and of hosts; None stands for all.

    `expires` is in seconds since 1970, None for never.
    """

    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    expires: float | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it covers everything, as long as it lasts."""
        return self.events is None and self.hosts is None

    def covers(self, host: str, name: str | None) -> bool:
        """Whether it covers an event."""
        return self.covers_host(host) and self.covers_name(name or UNNAMED)

    def covers_host(self, host: str) -> bool:
        """Whether it covers some events of a host; a pattern, if all hosts that it matches."""
        return self.hosts is None or _fit(self.hosts)(host)

    def covers_name(self, name: str) -> bool:
        """Whether it covers the events of a name, of some hosts."""
        return self.events is None or _fit(self.events)(name)

    def check(self, names: Iterable[str] | None, hosts: Iterable[str] | None) -> None:
        """Raise Beyond for a name or a host, as somebody asks for them, that it does not cover."""
        for name in sorted(names or ()):
            if not self.covers_name(name):
                raise Beyond(f"events: {name} is not allowed here; {self}", key="events")
        for host in sorted(hosts or ()):
            if host != EVERYTHING and not self.covers_host(host):
                raise Beyond(f"host: {host} is not allowed here; {self}", key="host")

    def home(self, host: str, others: Iterable[str]) -> str:
        """The host to speak of where none is named: `host` if it is covered, else another one."""
        if self.covers_host(host):
            return host
        for name in self.hosts or ():
            if "*" not in name:
                return name
        return min(filter(self.covers_host, others), default="")

    def __str__(self) -> str:
        """What is allowed, in words."""
        events = "all events" if self.events is None else f"the events {', '.join(self.events)}"
        hosts = "all hosts" if self.hosts is None else f"the hosts {', '.join(self.hosts)}"
        return f"allowed are {events} of {hosts}"


WHOLE = Right()


@lru_cache(maxsize=1024)
def _fit(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    # What is matched may be a pattern, too: a `*` in it is matched by a `*` alone.
    return fits(frozenset(patterns))
