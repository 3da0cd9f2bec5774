"""How often each machine of the log is sampled: as it says itself, in its event `system`.

The machines of a fleet may have an INTERVAL each. One that says none (an agent of an older version)
is taken to have the service's.
"""

from collections.abc import Sequence

import msgspec

from dashboard.events.encoded import Encoded
from dashboard.events.event import fields
from dashboard.metrics import Family
from dashboard.metrics.cadence import cadences
from dashboard.streaming.replay_buffer import Recent

_TOLD_BY = "system"
_MOST = 3600.0  # seconds, as the setting INTERVAL has it


class _Told(msgspec.Struct):
    interval: float | None = None


_TOLD = msgspec.json.Decoder(_Told)


class Paces:
    """The intervals of all hosts, by their newest events."""

    def __init__(self, families: Sequence[type[Family]], interval: float, recent: Recent) -> None:
        """`interval` is the service's own, in seconds."""
        self._families = families
        self._interval = interval
        self._recent = recent
        # By host what it said last, and in which event: the log may forget that before the host.
        self._said: dict[str, tuple[Encoded, float | None]] = {}

    def interval(self, host: str) -> float:
        """Seconds between two samples of the fast families of a host."""
        event = self._recent.newest(host, _TOLD_BY)
        said = self._said.get(host)
        if event is not None and (said is None or said[0] is not event):
            said = self._said[host] = event, _interval_in(event.event.data)
        return self._interval if said is None or said[1] is None else said[1]

    def others(self) -> dict[str, float]:
        """The intervals of the hosts of the log that have another one than the service."""
        hosts = self._recent.hosts()
        for gone in self._said.keys() - hosts:
            del self._said[gone]
        found = {host: self.interval(host) for host in sorted(hosts)}
        return {host: each for host, each in found.items() if each != self._interval}

    def cadences(self, host: str) -> dict[str, float]:
        """Seconds between two samples of each family of a host, by name."""
        return cadences(self._families, self.interval(host))


def _interval_in(data: str) -> float | None:
    told = fields(data, _TOLD)
    interval = None if told is None else told.interval
    return interval if interval is not None and 0 < interval <= _MOST else None
