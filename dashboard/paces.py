"""How often each machine of the log is sampled: as it says itself, in its event `system`.

The machines of a fleet may have an INTERVAL each. One that says none (an agent of an older version)
is taken to have the service's.
"""

from collections.abc import Iterable, Sequence

import msgspec

from dashboard.metrics import Family
from dashboard.recent import Recent
from dashboard.sampler import cadences

_TOLD_BY = "system"
_MOST = 3600.0  # seconds, as the setting INTERVAL has it


class _Told(msgspec.Struct):
    interval: float | None = None


class Paces:
    """The intervals of all hosts, by their newest events."""

    def __init__(self, families: Sequence[type[Family]], interval: float, recent: Recent) -> None:
        """`interval` is the service's own, in seconds."""
        self._families = families
        self._interval = interval
        self._recent = recent

    def interval(self, host: str) -> float:
        """Seconds between two samples of the fast families of a host."""
        told = self._recent.newest(host, _TOLD_BY)
        if told is None:
            return self._interval
        try:
            interval = msgspec.json.decode(told.event.data, type=_Told).interval
        except msgspec.DecodeError:  # whoever may write the log may write what he likes
            return self._interval
        return interval if interval is not None and 0 < interval <= _MOST else self._interval

    def others(self, hosts: Iterable[str]) -> dict[str, float]:
        """The intervals of those hosts that have another one than the service."""
        found = {host: self.interval(host) for host in hosts}
        return {host: each for host, each in found.items() if each != self._interval}

    def cadences(self, host: str) -> dict[str, float]:
        """Seconds between two samples of each family of a host, by name."""
        return cadences(self._families, self.interval(host))
