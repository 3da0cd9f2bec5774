"""Built-in rules for the traffic of the month, where there is a quota."""

from dashboard.alerts.rules import ThresholdRule
from dashboard.settings import AlertRule, Comparison

_SHARE = ("percent", "Traffic of the month", " %")
_TIME = ("short_seconds", "Time that the quota ends before the month", " s")
_RULES = (
    ("traffic-80", _SHARE, 80, "info"),
    ("traffic-90", _SHARE, 90, "warning"),
    ("traffic-100", _SHARE, 100, "critical"),
    ("traffic-short", _TIME, 1, "warning"),
)


def traffic_rules() -> list[ThresholdRule]:
    """Return the rules, each of which is over with the month at the latest."""
    return [
        ThresholdRule(
            AlertRule(
                name=name,
                family="traffic",
                path=(field,),
                condition=Comparison(">=", limit),
                clear=Comparison("<", limit),
                level=level,
            ),
            subject,
            unit,
        )
        for name, (field, subject, unit), limit, level in _RULES
    ]
