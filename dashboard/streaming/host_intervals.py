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


class SystemData(msgspec.Struct):
    """What a machine says of itself that others go by."""

    interval: float | None = None
    boot_time: float | None = None
    leaving: bool = False


_NOTHING = SystemData()
_DECODER = msgspec.json.Decoder(SystemData)


class HostIntervals:
    """The intervals of all hosts, by their newest events."""

    def __init__(
        self, families: Sequence[FamilyFactory], interval: float, buffer: ReplayBuffer
    ) -> None:
        """`interval` is the service's own, in seconds."""
        self._families = families
        self.slow_families = {each.name: each.cadence for each in families if each.cadence}
        self._interval = interval
        self._buffer = buffer
        # By host what it said last, and in which event: the log may forget that before the host.
        self._reported: dict[str, tuple[Encoded, SystemData]] = {}

    def interval(self, host: str) -> float:
        """Seconds between two samples of the fast families of a host."""
        interval = self.reported(host).interval
        return interval if interval is not None and 0 < interval <= _MOST else self._interval

    def reported(self, host: str) -> SystemData:
        """Return what a host said of itself last."""
        event = self._buffer.newest(host, _SOURCE)
        said = self._reported.get(host)
        if event is not None and (said is None or said[0] is not event):
            said = self._reported[host] = event, fields(event.event.data, _DECODER) or _NOTHING
        return _NOTHING if said is None else said[1]

    def non_default_intervals(self) -> dict[str, float]:
        """The intervals of the hosts of the log that have another one than the service."""
        hosts = self._buffer.hosts()
        for gone in self._reported.keys() - hosts:
            del self._reported[gone]
        found = {host: self.interval(host) for host in sorted(hosts)}
        return {host: each for host, each in found.items() if each != self._interval}

    def default_cadences(self) -> dict[str, float]:
        """Seconds between two samples of each family of a host with the service's interval."""
        return cadences(self._families, self._interval)

    def cadences(self, host: str) -> dict[str, float]:
        """Seconds between two samples of each family of a host, by name."""
        return cadences(self._families, self.interval(host))
