"""Machines that have gone silent, and machines that were booted anew.

The dead can't judge themselves, so a dashboard judges all machines of its log that sample. What it
has to say goes into the log under a key that names the last sign of life: of several dashboards,
and over restarts, each says it and the log takes it once.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from dashboard.alerts.evaluator import STILL
from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.model import Alert, duration
from dashboard.alerts.periodic import Periodic
from dashboard.events.event import EventId
from dashboard.log.contract import EventLog
from dashboard.settings import Level

logger = logging.getLogger(__name__)

HOST_SILENT = "host-silent"
HOST_REBOOTED = "host-rebooted"

_LOOK = 2.0  # seconds between two looks at all machines
_LATE = 5.0  # seconds by which a look may be late before this process itself was away
_INTERVALS = 10  # of a machine, without a sign of life
_LEAST = 30.0  # seconds
_GIVEN_UP = 7 * 86400.0  # seconds after which a silent machine is reminded of no more
_BOOT_SHOWN = 600.0  # seconds
_SAME_BOOT = 60.0  # seconds by which setting the clock may move the time of a boot


class Machine(NamedTuple):
    """What the log says of a machine that samples.

    `heard` is the id of its newest sample, `age` the seconds since that was logged, `interval` the
    seconds between two, `boot_time` seconds since 1970. `has_left`: its agent was stopped in order.
    """

    heard: EventId
    age: float
    interval: float
    boot_time: float | None
    has_left: bool

    @property
    def limit(self) -> float:
        """Return the seconds of silence after which something is wrong."""
        return max(_LEAST, _INTERVALS * self.interval)


class SilenceWatch:
    """Judges all machines of a log but the own one, for as long as this process is to do so."""

    def __init__(
        self,
        log: EventLog,
        open_alerts: OpenAlerts,
        machines: Callable[[], Mapping[str, Machine]],
        *,
        host: str,
        retention: float,
        is_reading: Callable[[], bool],
        judges: bool = True,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_reading` returns False while the log can't be read, or takes nothing.

        Without `judges` it ends what this dashboard said before, and says nothing new.
        """
        self._log = log
        self._open_alerts = open_alerts
        self._machines = machines
        self._host = host
        self._still = min(STILL, retention / 3)
        self._is_reading = is_reading
        self._clock = clock
        self._monotonic = monotonic
        self._listening_since = self._looked_at = monotonic()
        self._boots: dict[str, float] = {}
        self._looking = Periodic(self.look if judges else self.end_own, _LOOK, away=self._miss)
        self.stop = self._looking.stop

    def start(self) -> None:
        """Begin to judge, in a greenlet."""
        self._listening_since = self._looked_at = self._monotonic()
        self._looking.start()

    def look(self) -> None:
        """Judge all machines once. Raises LogUnavailable."""
        now = self._monotonic()
        if now - self._looked_at > _LOOK + _LATE or not self._is_reading():
            self._listening_since = now  # who did not listen can't say who was silent
        self._looked_at = now
        machines = self._machines()
        found, _ = self._open_alerts.look()
        known = {(alert.rule, alert.host): (event_id, alert) for event_id, alert in found}
        for key, alert in [*self._judge(machines, known), *self._judge_boots(machines, known)]:
            self._log.append_idempotent(key, alert.alert, [alert.event()])

    def end_own(self) -> None:
        """End the alerts that this dashboard has said. Raises LogUnavailable."""
        for event_id, alert in self._open_alerts.look()[0]:
            if alert.judge == self._host and alert.rule in (HOST_SILENT, HOST_REBOOTED):
                words = f"{alert.alert} of {alert.host}: no longer watched"
                over = replace(alert, time=round(self._clock(), 3), state="cleared", message=words)
                self._log.append_idempotent(f"{event_id} unwatched", alert.alert, [over.event()])

    def _miss(self) -> None:
        self._listening_since = self._monotonic()

    def _judge(
        self,
        machines: Mapping[str, Machine],
        known: Mapping[tuple[str, str], tuple[EventId, Alert]],
    ) -> Iterator[tuple[str, Alert]]:
        """Yield (key, alert) for each machine that went silent, is so still, or is back."""
        now = round(self._clock(), 3)
        listened = self._looked_at - self._listening_since
        for host, machine in machines.items():
            is_known = (HOST_SILENT, host) in known
            if host == self._host or is_known or machine.has_left:
                continue
            if machine.limit < machine.age and machine.limit <= listened:
                key = f"{HOST_SILENT} {host} {machine.heard}"
                words = f"{host}: nothing for {duration(machine.age)}"
                yield key, self._alert(HOST_SILENT, host, now, "critical", words, machine)
        for (rule, host), (event_id, alert) in known.items():
            if rule != HOST_SILENT:
                continue
            gone = machines.get(host)
            if gone is not None and (gone.age <= gone.limit or gone.has_left):
                words = f"{host} is back, after {duration(now - alert.began)}"
                key = f"{HOST_SILENT} {host} {alert.since} over"
                yield key, replace(alert, time=now, state="cleared", message=words)
            elif now - alert.time >= self._still and now - alert.began < _GIVEN_UP:
                words = f"{host}: nothing for {duration(now - alert.began)}"
                yield f"{event_id} still", replace(alert, time=now, state="still", message=words)

    def _judge_boots(
        self,
        machines: Mapping[str, Machine],
        known: Mapping[tuple[str, str], tuple[EventId, Alert]],
    ) -> Iterator[tuple[str, Alert]]:
        now = round(self._clock(), 3)
        for host, machine in machines.items():
            boot = machine.boot_time
            if boot is None:
                continue
            before = self._boots.get(host)
            self._boots[host] = boot
            if before is not None and boot > before + _SAME_BOOT:
                words = f"{host} was booted {duration(max(0.0, now - boot))} ago"
                key = f"{HOST_REBOOTED} {host} {boot:.0f}"
                yield key, self._alert(HOST_REBOOTED, host, now, "info", words, None)
        for (rule, host), (event_id, alert) in known.items():
            if rule == HOST_REBOOTED and now - alert.time >= _BOOT_SHOWN:
                words = f"{host} was booted {duration(now - alert.began)} ago"
                yield f"{event_id} over", replace(alert, time=now, state="cleared", message=words)

    def _alert(
        self, rule: str, host: str, now: float, level: Level, words: str, silent: Machine | None
    ) -> Alert:
        return Alert(
            host=host,
            time=now,
            alert=rule,
            rule=rule,
            judge=self._host,
            level=level,
            state="raised",
            metric_family="system",
            value=None if silent is None else round(silent.age, 1),
            threshold=None if silent is None else silent.limit,
            since=now if silent is None else round(now - silent.age, 3),
            message=words,
        )
