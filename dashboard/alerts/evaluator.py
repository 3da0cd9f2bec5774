"""Alerts: from samples to what has to be said about them. Pure; all times come with the samples.

A rule looks at samples and yields readings: numbers, each of an item (a filesystem, a core) where
the rule is about several. It judges each as beyond its limit, as back on the good side, or as
neither. An alert is raised when all readings were beyond for long enough, and cleared by the first
that is back. In between lies the hysteresis: a reading there raises nothing and clears nothing.

A reading that does not come says nothing. A time "for" so long needs readings that cover it, and
begins anew after a gap; an alert that is raised stays so until a reading clears it. Only an item
that is missing while others of its kind come is given up, after ten minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from dashboard.alerts.model import Alert, State, finite
from dashboard.metrics.family import Sample
from dashboard.settings import Level

STILL = 600.0  # seconds between two reminders of an alert that is raised
_GONE = 600.0  # seconds
_GAP = 3  # times the distance between samples


class Rule(Protocol):
    """A rule at work. An item is "" where the rule is about one figure only."""

    name: str
    level: Level = "warning"
    for_seconds: float = 0.0
    """Seconds that readings have to be beyond the limit."""
    has_items: bool = False
    """Whether the items in its family's samples come and go."""

    def reads(self, family: str) -> bool:
        """Whether its readings come from the samples of a family."""

    def lookback(self, family: str) -> float:
        """How many seconds of past samples of a family it needs to go on after a restart."""
        return self.for_seconds if self.reads(family) else 0.0

    def readings(self, sample: Sample) -> Iterable[tuple[str, float | None]]:
        """The items of a sample with their readings; None where there is none just now."""

    def is_firing(self, item: str, value: float) -> bool | None:
        """True beyond the limit, False on the good side, None in between."""

    def threshold(self, item: str) -> float:
        """The limit."""

    def metric_family(self, item: str) -> str:
        """The family that an item belongs to."""

    def message(self, item: str, value: float, *, is_over: bool) -> str:
        """A sentence for people."""

    def applies_to(self, item: str) -> bool:
        """Whether there can be readings of an item still."""
        return bool(item) == self.has_items


@dataclass(slots=True)
class _Condition:
    """An item whose readings are beyond the limit, or were when its alert was raised."""

    since: float
    seen: float
    value: float
    told: float | None = None  # when the alert was last told of; None while it is not raised
    missing: float | None = None  # since when its family's samples lack it
    worst: float | None = None  # of the values, the farthest beyond the limit


class Evaluator:
    """The alerts of one host."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        host: str,
        cadences: Mapping[str, float],
        still: float = STILL,
    ) -> None:
        """`cadences` has the seconds between two samples of each family."""
        self._rules = rules
        self._host = host
        self._cadences = cadences
        self._still = still
        self._conditions: dict[tuple[str, str], _Condition] = {}
        self._abandoned: list[Alert] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing is beyond a limit, and nothing is left to be said."""
        return not self._conditions and not self._abandoned

    def replay(self, sample: Sample) -> None:
        """Take a sample of the past, whose alerts were told of then."""
        self._evaluate_sample(sample, is_live=False)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take over the alerts that the log says are open, after the past samples."""
        rules = {rule.name: rule for rule in self._rules}
        for alert in alerts:
            rule = rules.get(alert.rule)
            item = alert.alert.removeprefix(alert.rule).removeprefix(":")
            if rule is None or not rule.applies_to(item):
                self._abandoned.append(alert)
            elif alert.alert == _name(rule, item):
                value = alert.value if alert.value is not None else rule.threshold(item)
                self._conditions[rule.name, item] = _Condition(
                    alert.began, alert.time, value, told=alert.time, worst=alert.worst or value
                )

    def evaluate(self, samples: Sequence[Sample]) -> list[Alert]:
        """What has to be said after these samples, which were taken together."""
        said = [
            alert for sample in samples for alert in self._evaluate_sample(sample, is_live=True)
        ]
        now = max((sample.time for sample in samples), default=0.0)
        if samples:
            said += self.clear_abandoned(now)
            said += self._remind(now)
        return said

    def _evaluate_sample(self, sample: Sample, *, is_live: bool) -> list[Alert]:
        said = []
        for rule in self._rules:
            if not rule.reads(sample.family):
                continue
            items = set()
            for item, value in rule.readings(sample):
                items.add(item)
                if value is not None:
                    said += self._update(rule, item, value, sample, is_live=is_live)
            if rule.has_items:
                said += self._mark_missing(rule, items, sample.time)
        return said

    def _update(
        self, rule: Rule, item: str, value: float, sample: Sample, *, is_live: bool
    ) -> list[Alert]:
        key = rule.name, item
        verdict = rule.is_firing(item, value)
        condition = self._conditions.get(key)
        if condition is None:
            if verdict is not True:
                return []
            condition = self._conditions[key] = _Condition(sample.time, sample.time, value)
        elif condition.told is None:
            if verdict is not True:
                del self._conditions[key]
                return []
            if not 0 <= sample.time - condition.seen <= self._widest(sample.family):
                condition.since = sample.time
        condition.seen, condition.value = sample.time, value
        limit = rule.threshold(item)
        worst = limit if condition.worst is None else condition.worst
        if verdict and abs(value - limit) >= abs(worst - limit):
            condition.worst = value
        if condition.told is not None:
            if verdict is not False:
                return []
            del self._conditions[key]
            return [self._make_alert(rule, item, "cleared", condition, sample.time)]
        if not is_live or sample.time - condition.since < rule.for_seconds:
            return []
        condition.told = sample.time
        return [self._make_alert(rule, item, "raised", condition, sample.time)]

    def _widest(self, family: str) -> float:
        """Seconds between two samples of a family that are no gap."""
        return _GAP * self._cadences.get(family, 1.0) + 1

    def _mark_missing(self, rule: Rule, items: set[str], now: float) -> list[Alert]:
        """Give up on items that a family's samples have lacked for long."""
        said = []
        for key, condition in list(self._conditions.items()):
            name, item = key
            if name != rule.name:
                continue
            if item in items:
                condition.missing = None
                continue
            if condition.missing is None or condition.missing > now:
                condition.missing = now
            if condition.told is None:
                del self._conditions[key]
            elif now - condition.missing >= _GONE:
                del self._conditions[key]
                over = self._make_alert(rule, item, "cleared", condition, now)
                said.append(replace(over, message=f"{item}: no longer there"))
        return said

    def clear_abandoned(self, now: float) -> list[Alert]:
        """End the alerts of the past that no rule stands behind any more."""
        said = [
            replace(alert, time=now, state="cleared", message=f"{alert.alert}: no longer watched")
            for alert in self._abandoned
        ]
        self._abandoned = []
        return said

    def _remind(self, now: float) -> list[Alert]:
        said = []
        for rule in self._rules:
            for (name, item), condition in self._conditions.items():
                if name != rule.name or condition.told is None:
                    continue
                if condition.told > now:  # the clock was set back
                    condition.told = now
                elif now - condition.told >= self._still:
                    condition.told = now
                    said.append(self._make_alert(rule, item, "still", condition, now))
        return said

    def _make_alert(
        self, rule: Rule, item: str, state: State, condition: _Condition, now: float
    ) -> Alert:
        return Alert(
            host=self._host,
            time=now,
            alert=_name(rule, item),
            rule=rule.name,
            level=rule.level,
            state=state,
            metric_family=rule.metric_family(item),
            value=finite(condition.value),
            worst=self._worst(condition),
            threshold=rule.threshold(item),
            since=condition.since,
            message=rule.message(item, condition.value, is_over=state == "cleared"),
        )

    def _worst(self, condition: _Condition) -> float | UnsetType:
        worst = condition.worst
        if worst is None or worst == condition.value or finite(worst) is None:
            return UNSET
        return worst


def _name(rule: Rule, item: str) -> str:
    return f"{rule.name}:{item}" if item else rule.name
