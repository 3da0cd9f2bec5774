"""Machines that are silent at once, as after a network has gone, are told of together. Pure."""

from collections.abc import Sequence

from dashboard.alerts.model import Alert
from dashboard.alerts.silent_machines import HOST_SILENT

_FEW = 3  # of which each has a line
_MOST_NAMES = 10
# Seconds that a silent machine waits for more of them after the last one, and at most.
_SETTLED, _LONGEST = 4.0, 8.0


def settled(alerts: Sequence[Alert], now: float) -> list[Alert]:
    """Return alerts, without silent machines as long as others may still follow them."""
    # One of the future, as after a clock was set back, keeps nobody waiting.
    silent = [alert for alert in alerts if alert.alert == HOST_SILENT and alert.judge]
    times = [alert.time for alert in silent if alert.time <= now]
    if not times or now - max(times) >= _SETTLED or now - min(times) >= _LONGEST:
        return list(alerts)
    return [alert for alert in alerts if alert.alert != HOST_SILENT]


def groups(alerts: Sequence[Alert]) -> list[list[Alert]]:
    """Return the silent machines among alerts, and those that are back, where they are many."""
    silent = [alert for alert in alerts if alert.alert == HOST_SILENT]
    found = ([each for each in silent if each.is_open is is_open] for is_open in (True, False))
    return [group for group in found if len(group) > _FEW]


def words(group: Sequence[Alert]) -> str:
    """Return what a group is, for a title."""
    return f"{len(group)} machines {'are silent' if group[0].is_open else 'are back'}"


def line(group: Sequence[Alert]) -> str:
    """Return the line of a group in a message."""
    names = sorted(alert.host for alert in group)
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    mark = group[0].level if group[0].is_open else "over"
    return f"[{mark}] {words(group)}: {', '.join(names[:_MOST_NAMES])}{more}"
