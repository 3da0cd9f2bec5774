"""Who did it: the programs that took most over the time that an alert looked at.

They come with the samples `processes`, every few seconds; those count that are for the most part
of that time. An alert that is raised before the first of these goes without, with an empty list,
and is said again with them.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from heapq import nlargest

from msgspec import UNSET
from msgspec.structs import replace

from dashboard.alerts.evaluator import Rule
from dashboard.alerts.model import Alert, Culprit
from dashboard.alerts.rules import ThresholdRule
from dashboard.metrics.family import Sample

_SOURCE = "processes"
_MOST = 3
_KEPT = 600.0  # seconds
_CPU, _MEMORY, _DISK = ("cpu_percent", "%"), ("memory_bytes", "B"), ("bytes_per_second", "B/s")
_FIGURES = {"cpu": _CPU, "load": _CPU, "memory": _MEMORY, "disk": _DISK, "filesystem": _DISK}
_PRESSURES = {"cpu": _CPU, "memory": _MEMORY, "io": _DISK}
_UNITS = ("", "k", "M", "G", "T")


class Culprits:
    """Names the culprits of one host's alerts."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._figures: dict[str, tuple[str, str]] = {}
        for rule in rules:
            family = rule.metric_family("")
            figure = _FIGURES.get(family)
            if family == "pressure" and isinstance(rule, ThresholdRule):
                figure = _PRESSURES.get(rule.rule.path[0].partition("_")[0])
            if figure is not None:
                self._figures[rule.name] = figure
        self._samples: deque[Sample] = deque()
        self._waiting: dict[str, Alert] = {}

    def named(self, alerts: Sequence[Alert], samples: Sequence[Sample]) -> list[Alert]:
        """Return the alerts with their culprits, and those that were said without them before."""
        found = [sample for sample in samples if sample.family == _SOURCE]
        for sample in found:
            while self._samples and not sample.time - _KEPT < self._samples[0].time < sample.time:
                self._samples.popleft()
            self._samples.append(sample)
        said = [self._name(alert) for alert in alerts]
        if found and self._waiting:
            again = [
                replace(alert, state="still", time=found[-1].time)
                for alert in self._waiting.values()
                if alert.alert not in {each.alert for each in said}
            ]
            said += [alert for alert in map(self._name, again) if alert.culprits]
        return said

    def _name(self, alert: Alert) -> Alert:
        was_waiting = self._waiting.pop(alert.alert, None) is not None
        if not alert.is_open or alert.rule not in self._figures or not self._samples:
            return alert
        figure, unit = self._figures[alert.rule]
        # A disk is filled by what was written till then.
        since = alert.began - (_KEPT if unit == "B/s" else 0.0)
        sums: dict[str, float] = {}
        units: dict[str, str | None] = {}
        # Memory is that of a moment, all else of the time since the sample before.
        half = 0.0 if unit == "B" else 0.5
        befores = [sample.time for sample in (self._samples[0], *self._samples)]
        seen = [
            sample
            for before, sample in zip(befores, self._samples, strict=False)
            if sample.time - half * (sample.time - before) > since
        ]
        for sample in seen:
            for program in sample.figures["programs"]["top"]:
                sums[program["name"]] = sums.get(program["name"], 0.0) + (program[figure] or 0.0)
                units[program["name"]] = program.get("unit")
        most = [name for name in nlargest(_MOST, sums, key=sums.__getitem__) if sums[name] > 0]
        if not most:
            if not seen and (was_waiting or alert.state == "raised"):
                self._waiting[alert.alert] = alert
                return replace(alert, culprits=())
            return alert
        culprits = tuple(
            Culprit(
                name=name,
                value=round(sums[name] / len(seen), 1),
                unit=unit,
                runs_in=units[name] or UNSET,
            )
            for name in most
        )
        words = ", ".join(map(_words, culprits)) + (" of one core" if unit == "%" else "")
        return replace(alert, culprits=culprits, message=f"{alert.message}; most: {words}")


def _words(culprit: Culprit) -> str:
    where = f" ({culprit.runs_in})" if culprit.runs_in else ""
    return f"{culprit.name} {_short(culprit.value, culprit.unit)}{where}"


def _short(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value:.0f} %"
    step = 0
    while value >= 1000 and step < len(_UNITS) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.3g} {_UNITS[step]}{unit}"
