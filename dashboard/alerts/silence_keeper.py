"""Silences that last longer than the log keeps events, and those of the settings' windows.

Each is logged again before the log forgets it, under a key, so several dashboards do so once.
"""

import time
from collections.abc import Callable

from msgspec.structs import replace

from dashboard.alerts.evaluator import STILL
from dashboard.alerts.history import OpenAlerts
from dashboard.alerts.silences import Silence
from dashboard.log.contract import EventLog
from dashboard.settings import Settings


def keep_silences(
    log: EventLog,
    open_alerts: OpenAlerts,
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
) -> None:
    """Log what has to be said now. Raises LogUnavailable."""
    now = round(clock(), 3)
    said = [(f"silence {s.host} {s.window} {s.until}", s) for s in windows_now(settings, now)]
    still = min(STILL, settings.retention / 3)
    open_alerts.look()
    for event_id, silence in open_alerts.silences.active(now):
        if now - silence.time >= still:
            said.append((f"{event_id} still", replace(silence, time=now)))
    for key, silence in said:
        log.append_idempotent(key, "", [silence.event()])


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
