"""The event `hello`: who speaks, of which machines, and how often."""

from collections.abc import Callable, Mapping

from dashboard.events.scope import FULL, Scope
from dashboard.settings import Settings
from dashboard.streaming.host_intervals import HostIntervals
from dashboard.streaming.replay_buffer import ReplayBuffer


class Greeting:
    """Makes the data of `hello`, at most once a second."""

    def __init__(
        self,
        settings: Settings,
        buffer: ReplayBuffer,
        host_intervals: HostIntervals,
        source_cadences: Mapping[str, float],
        *,
        build: str,
        clock: Callable[[], float],
    ) -> None:
        """`source_cadences` are seconds by EVENT@HOST; `clock` gives seconds since 1970."""
        self._settings = settings
        self._buffer = buffer
        self._host_intervals = host_intervals
        self._source_cadences = source_cadences
        self._build = build
        self._clock = clock
        self._made: dict[str, object] = {}
        self._intervals: dict[str, float] = {}
        self._made_at = 0.0

    def data(self, scope: Scope = FULL) -> dict[str, object]:
        """Return the data, as far as a right goes."""
        now = self._clock()
        if abs(now - self._made_at) >= 1:
            self._made_at = now
            self._make()
        told = {**self._made, "time": now}
        if not scope.is_full:
            told["source_cadences"] = {
                name: seconds
                for name, seconds in self._source_cadences.items()
                if scope.allows(self._settings.host_name, name.partition("@")[0])
            }
        if scope.hosts is not None:
            hosts = [host for host in self._buffer.hosts() if scope.allows_host(host)]
            told["host"] = host = self.default_host(scope)
            told["hosts"] = known = sorted({*hosts, host} - {""})
            told["intervals"] = {
                name: each for name, each in self._intervals.items() if name in known
            }
        return told

    def default_host(self, scope: Scope) -> str:
        """Return the host of which to speak to somebody who names none."""
        return scope.default_host(self._settings.host_name, self._buffer.hosts())

    def _make(self) -> None:
        settings = self._settings
        self._intervals = self._host_intervals.non_default_intervals()
        self._made = {
            "build": self._build,
            "host": settings.host_name,
            "hosts": sorted({settings.host_name, *self._buffer.hosts()}),
            "interval": settings.interval,
            "intervals": self._intervals,
            "heartbeat": settings.heartbeat,
            "cadences": self._host_intervals.default_cadences(),
            "slow": self._host_intervals.slow_families,
            "source_cadences": self._source_cadences,
        }
