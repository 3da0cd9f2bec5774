"""How often each machine of the log is sampled: as it says itself, in its event `system`.

The machines of a fleet may have an INTERVAL each. One that says none (an agent of an older version)
is taken to have the service's.
"""

from collections.abc import Sequence

import msgspec

from dashboard.events.encoded import Encoded
from dashboard.events.event import fields
from dashboard.metrics import FamilyFactory
from dashboard.metrics.cadence import cadences
from dashboard.streaming.replay_buffer import ReplayBuffer

_SOURCE = "system"
_MOST = 3600.0  # seconds, as the setting INTERVAL has it


class _SystemData(msgspec.Struct):
    interval: float | None = None


_DECODER = msgspec.json.Decoder(_SystemData)


class HostIntervals:
    """The intervals of all hosts, by their newest events."""

    def __init__(
        self, families: Sequence[FamilyFactory], interval: float, buffer: ReplayBuffer
    ) -> None:
        """`interval` is the service's own, in seconds."""
        self._families = families
        self._interval = interval
        self._buffer = buffer
        # By host what it said last, and in which event: the log may forget that before the host.
        self._reported: dict[str, tuple[Encoded, float | None]] = {}

    def interval(self, host: str) -> float:
        """Seconds between two samples of the fast families of a host."""
        event = self._buffer.newest(host, _SOURCE)
        said = self._reported.get(host)
        if event is not None and (said is None or said[0] is not event):
            said = self._reported[host] = event, _interval_in(event.event.data)
        return self._interval if said is None or said[1] is None else said[1]

    def non_default_intervals(self) -> dict[str, float]:
        """The intervals of the hosts of the log that have another one than the service."""
        hosts = self._buffer.hosts()
        for gone in self._reported.keys() - hosts:
            del self._reported[gone]
        found = {host: self.interval(host) for host in sorted(hosts)}
        return {host: each for host, each in found.items() if each != self._interval}

    def cadences(self, host: str) -> dict[str, float]:
        """Seconds between two samples of each family of a host, by name."""
        return cadences(self._families, self.interval(host))


def _interval_in(data: str) -> float | None:
    reported = fields(data, _DECODER)
    interval = None if reported is None else reported.interval
    return interval if interval is not None and 0 < interval <= _MOST else None
