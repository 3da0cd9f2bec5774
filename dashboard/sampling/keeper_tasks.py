"""What one process of a dashboard judges, whoever samples: the log's machines, what is expected."""

from collections.abc import Callable, Iterable
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.periodic import Periodic
from dashboard.alerts.silence_keeper import keep_silences
from dashboard.alerts.silent_machines import Machine, SilenceWatch
from dashboard.events.encoded import id_of
from dashboard.log.contract import EventLog
from dashboard.sampling.expected import ExpectationWatch
from dashboard.settings import Settings

if TYPE_CHECKING:
    from dashboard.streaming.host_intervals import HostIntervals
    from dashboard.streaming.replay_buffer import ReplayBuffer


_LOOK_AT_SILENCES = 10.0  # seconds


class KeeperTask(Protocol):
    """What runs from the moment a process keeps the history until it stands back."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """Leave it to another process."""


def keeper_tasks(
    log: EventLog,
    open_alerts: OpenAlerts,
    buffer: "ReplayBuffer",
    intervals: "HostIntervals",
    settings: Settings,
    *,
    folder: Path,
    families: Iterable[str],
    is_reading: Callable[[], bool],
) -> tuple[KeeperTask, ...]:
    """Return what judges: machines' silence, and what is expected; and what keeps silences.

    `folder` has what outlives this process, `is_reading` is False while the log is away.
    """
    silence = SilenceWatch(
        log,
        open_alerts,
        partial(machines, buffer, intervals, tuple(families)),
        host=settings.host_name,
        retention=settings.retention,
        is_reading=is_reading,
        judges=settings.alerts.defaults,
    )
    keeping = Periodic(partial(keep_silences, log, open_alerts, settings), _LOOK_AT_SILENCES)
    file = folder / "expected.json"
    due = ExpectationWatch(log, open_alerts, buffer, settings, file=file, is_reading=is_reading)
    return silence, keeping, due


def machines(
    buffer: "ReplayBuffer", intervals: "HostIntervals", families: Iterable[str]
) -> dict[str, Machine]:
    """Return the machines of a log by name: those of which it has an event of a family."""
    names, found = tuple(families), {}
    for host in buffer.hosts():
        heard = [each for name in names if (each := buffer.newest(host, name)) is not None]
        if heard:
            last = max(heard, key=attrgetter("heard_at"))
            age = buffer.age(host, last.event.name or "") or 0.0
            said, interval = intervals.reported(host), intervals.interval(host)
            found[host] = Machine(id_of(last), age, interval, said.boot_time, said.leaving)
    return found
