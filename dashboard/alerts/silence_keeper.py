"""Silences that last longer than the log keeps events, and those of the settings' windows.

Each is logged again before the log forgets it, under a key, so several dashboards do so once.
"""

import time
from collections.abc import Callable

from msgspec.structs import replace

from dashboard.alerts.evaluator import STILL
from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.periodic import Periodic
from dashboard.alerts.silences import Silence
from dashboard.log.contract import EventLog
from dashboard.settings import Settings

_LOOK = 10.0  # seconds


class SilenceKeeper:
    """Logs them for as long as this process is to do so."""

    def __init__(
        self,
        log: EventLog,
        open_alerts: OpenAlerts,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._log = log
        self._open_alerts = open_alerts
        self._settings = settings
        self._clock = clock
        looking = Periodic(self.look, _LOOK)
        self.start, self.stop = looking.start, looking.stop

    def look(self) -> None:
        """Log what has to be said now. Raises LogUnavailable."""
        now = round(self._clock(), 3)
        for silence in windows_now(self._settings, now):
            self._say(f"silence {silence.host} {silence.window} {silence.until}", silence)
        still = min(STILL, self._settings.retention / 3)
        self._open_alerts.look()
        for event_id, silence in self._open_alerts.silences.active(now):
            if now - silence.time >= still:
                self._say(f"{event_id} still", replace(silence, time=now))

    def _say(self, key: str, silence: Silence) -> None:
        self._log.append_idempotent(key, "", [silence.event()])


def windows_now(settings: Settings, now: float) -> list[Silence]:
    """Return the silences of the settings that hold at a moment."""
    return [
        Silence(
            host=settings.host_name,
            time=now,
            until=span[1],
            hosts=window.host,
            rule=window.rule,
            window=window.name,
            why=window.why,
        )
        for window in settings.silence
        if (span := window.at(now)) is not None
    ]
