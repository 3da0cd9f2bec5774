"""What one process of a dashboard judges, whoever samples: the log's machines, what is expected."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.silence_keeper import SilenceKeeper
from dashboard.alerts.silent_machines import SilenceWatch
from dashboard.log.contract import EventLog
from dashboard.sampling.expected import ExpectationWatch
from dashboard.sampling.machines import machines
from dashboard.settings import Settings

if TYPE_CHECKING:
    from dashboard.streaming.host_intervals import HostIntervals
    from dashboard.streaming.replay_buffer import ReplayBuffer


class KeeperTasks:
    """From the moment a process keeps the history until it stands back."""

    def __init__(
        self,
        log: EventLog,
        open_alerts: OpenAlerts,
        buffer: "ReplayBuffer",
        intervals: "HostIntervals",
        settings: Settings,
        *,
        folder: Path,
        families: Iterable[str],
        is_reading: Callable[[], bool],
    ) -> None:
        """`folder` has what outlives this process, `is_reading` is False while the log is away."""
        self._silence = SilenceWatch(
            log,
            open_alerts,
            partial(machines, buffer, intervals, tuple(families)),
            host=settings.host_name,
            retention=settings.retention,
            is_reading=is_reading,
            judges=settings.alerts.defaults,
        )
        self._silences = SilenceKeeper(log, open_alerts, settings)
        self._expectations = ExpectationWatch(
            log,
            open_alerts,
            buffer,
            settings,
            file=folder / "expected.json",
            is_reading=is_reading,
        )

    def start(self) -> None:
        """Begin to judge."""
        self._silence.start()
        self._silences.start()
        self._expectations.start()

    def stop(self) -> None:
        """Leave it to another process."""
        self._silence.stop()
        self._silences.stop()
        self._expectations.stop()
