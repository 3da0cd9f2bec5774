"""The built-in rules; one of the settings replaces that of the same name."""

import math
from collections.abc import Iterable, Iterator, Mapping

from dashboard.alerts.disk_forecast import DiskFullForecast
from dashboard.alerts.evaluator import Rule
from dashboard.alerts.model import duration
from dashboard.alerts.rules import ItemLimitRule, ThresholdRule
from dashboard.metrics.family import Sample
from dashboard.settings import AlertRule, alert_rule

_WAITING, _WANTING = "Time lost to waiting for disks", "Time lost to want of memory"
_DISK = "filesystem.mounts.*.percent"
# Name, condition, that of its end, seconds, level, and the figure's name, with {} for the item.
_PERCENTAGES = (
    ("cpu-busy", "cpu.percent > 90", "< 80", 300, "warning", "CPU use"),
    ("memory-full", "memory.percent > 92", "< 88", 120, "warning", "Memory use"),
    ("swap-full", "memory.swap_percent > 80", "< 70", 0, "warning", "Swap use"),
    ("disk-almost-full", f"{_DISK} > 90", "< 88", 0, "warning", "Use of {}"),
    ("disk-full", f"{_DISK} > 97", "< 96", 0, "critical", "Use of {}"),
    ("io-pressure", "pressure.io_full > 20", "< 10", 120, "warning", _WAITING),
    ("memory-pressure", "pressure.memory_full > 20", "< 10", 120, "warning", _WANTING),
)
# Temperatures at their sensors' own limits: name, field of the limit, seconds, level.
_SENSORS = (("sensor-hot", "high", 60, "warning"), ("sensor-critical", "critical", 0, "critical"))
# Name, condition, level, and the figure's name and unit. Each is over with the month at the latest.
_SHARE, _TIME = ("Traffic of the month", " %"), ("Time that the quota ends before the month", " s")
_TRAFFIC = (
    ("traffic-80", "traffic.percent >= 80", "info", _SHARE),
    ("traffic-90", "traffic.percent >= 90", "warning", _SHARE),
    ("traffic-100", "traffic.percent >= 100", "critical", _SHARE),
    ("traffic-short", "traffic.short_seconds >= 1", "warning", _TIME),
)


def active_rules(
    rules: Iterable[AlertRule],
    *,
    defaults: bool,
    cadences: Mapping[str, float],
    has_quota: bool = False,
) -> list[Rule]:
    """Return the rules that judge samples: with `defaults` the built-in ones, and those given.

    `cadences` has the seconds between two samples of each family. `has_quota`: there is one for
    the traffic of a month.
    """
    found: list[Rule] = []
    if defaults:
        found += _built_in(cadences)
        found += _traffic() if has_quota else ()
    named = {rule.name: rule for rule in found}
    named |= {rule.name: ThresholdRule(rule) for rule in rules}
    return list(named.values())


def _built_in(cadences: Mapping[str, float]) -> Iterable[Rule]:
    for name, when, clear, seconds, level, subject in _PERCENTAGES:
        table = {"name": name, "when": when, "clear": clear, "for": seconds, "level": level}
        yield ThresholdRule(alert_rule(table), subject, " %")
    yield DiskFullForecast()
    for name, field, seconds, level in _SENSORS:
        when = "sensors.temperatures.*.celsius >= 0"
        table = {"name": name, "when": when, "for": seconds, "level": level}
        yield ItemLimitRule(alert_rule(table), field, "{}", " °C")
    yield StaleFamilyRule(cadences)


def _traffic() -> Iterable[Rule]:
    for name, when, level, (subject, unit) in _TRAFFIC:
        yield ThresholdRule(alert_rule({"name": name, "when": when, "level": level}), subject, unit)


class StaleFamilyRule(Rule):
    """Families that have stopped coming while others come.

    The time in which nothing came at all (the machine slept, the service was away) is nobody's
    silence.
    """

    name = "family-silent"

    _CADENCES = 10
    _LEAST = 10.0  # seconds

    def __init__(self, cadences: Mapping[str, float]) -> None:
        self._cadences = cadences
        self._pause = 3 * min(cadences.values(), default=1.0) + 1
        self._last: dict[str, float] = {}
        self._any = -math.inf

    def reads(self, family: str) -> bool:
        return True

    def readings(self, sample: Sample) -> Iterator[tuple[str, float | None]]:
        if not 0 <= sample.time - self._any <= self._pause:
            self._last = dict.fromkeys(self._last, sample.time)
        self._any = self._last[sample.family] = sample.time
        yield sample.family, 0.0
        for family, last in self._last.items():
            if sample.time - last > self.threshold(family):
                yield family, sample.time - last

    def is_firing(self, item: str, value: float) -> bool | None:
        return value > 0

    def threshold(self, item: str) -> float:
        return max(self._LEAST, self._CADENCES * self._cadences.get(item, 1.0))

    def metric_family(self, item: str) -> str:
        return item

    def message(self, item: str, value: float, *, is_over: bool) -> str:
        if is_over:
            return f"{item}: samples come again"
        return f"{item}: no sample for {duration(value)}"

    def applies_to(self, item: str) -> bool:
        return item in self._last
