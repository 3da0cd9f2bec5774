"""Alerts: from samples to what has to be said about them. Pure; all times come with the samples.

A watch looks at samples and yields readings: numbers, each of an item (a filesystem, a core) where
the watch is about several. It judges each as beyond its limit, as back on the good side, or as
neither. An alert is raised when all readings were beyond for long enough, and cleared by the first
that is back. In between lies the hysteresis: a reading there raises nothing and clears nothing.

A reading that does not come says nothing. A time "for" so long needs readings that cover it, and
begins anew after a gap; an alert that is raised stays so until a reading clears it. Only an item
that is missing while others of its kind come is given up, after ten minutes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from dashboard.alerts.model import Alert, Level, State, finite
from dashboard.metrics.sample import Sample

STILL = 600.0  # seconds between two reminders of an alert that is raised
_GONE = 600.0  # seconds
_GAP = 3  # times the distance between samples


class Watch(Protocol):
    """A rule at work. An item is "" where the rule is about one figure only."""

    name: str
    level: Level
    lasting: float
    """Seconds that readings have to be beyond the limit."""
    has_items: bool
    """Whether the items in its family's samples come and go."""

    def reads(self, family: str) -> bool:
        """Whether its readings come from the samples of a family."""

    def memory(self, family: str) -> float:
        """How many seconds of past samples of a family it needs to go on after a restart."""

    def readings(self, sample: Sample) -> Iterable[tuple[str, float | None]]:
        """The items of a sample with their readings; None where there is none just now."""

    def judge(self, item: str, value: float) -> bool | None:
        """True beyond the limit, False on the good side, None in between."""

    def threshold(self, item: str) -> float:
        """The limit."""

    def about(self, item: str) -> str:
        """The family that an item belongs to."""

    def message(self, item: str, value: float, *, is_over: bool) -> str:
        """A sentence for people."""

    def knows(self, item: str) -> bool:
        """Whether there can be readings of an item still."""


@dataclass(slots=True)
class _Condition:
    """An item whose readings are beyond the limit, or were when its alert was raised."""

    since: float
    seen: float
    value: float
    told: float | None = None  # when the alert was last told of; None while it is not raised
    missing: float | None = None  # since when its family's samples lack it


class Alerts:
    """The alerts of one host."""

    def __init__(
        self,
        watches: Sequence[Watch],
        *,
        host: str,
        cadences: Mapping[str, float],
        still: float = STILL,
    ) -> None:
        """`cadences` has the seconds between two samples of each family."""
        self._watches = watches
        self._host = host
        self._cadences = cadences
        self._still = still
        self._conditions: dict[tuple[str, str], _Condition] = {}
        self._abandoned: list[Alert] = []

    def remember(self, sample: Sample) -> None:
        """Take a sample of the past, whose alerts were told of then."""
        self._look(sample, is_live=False)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Take over the alerts that the log says are open, after the past samples."""
        watches = {watch.name: watch for watch in self._watches}
        for alert in alerts:
            watch = watches.get(alert.rule)
            item = alert.alert.removeprefix(alert.rule).removeprefix(":")
            if watch is None or not watch.knows(item):
                self._abandoned.append(alert)
            elif alert.alert == _name(watch, item):
                value = alert.value if alert.value is not None else watch.threshold(item)
                self._conditions[watch.name, item] = _Condition(
                    alert.began, alert.time, value, told=alert.time
                )

    def take(self, samples: Sequence[Sample]) -> list[Alert]:
        """What has to be said after these samples, which were taken together."""
        said = [alert for sample in samples for alert in self._look(sample, is_live=True)]
        now = max((sample.time for sample in samples), default=0.0)
        if samples:
            said += self._give_up(now)
            said += self._remind(now)
        return said

    def _look(self, sample: Sample, *, is_live: bool) -> list[Alert]:
        said = []
        for watch in self._watches:
            if not watch.reads(sample.family):
                continue
            items = set()
            for item, value in watch.readings(sample):
                items.add(item)
                if value is not None:
                    said += self._judge(watch, item, value, sample, is_live=is_live)
            if watch.has_items:
                said += self._miss(watch, items, sample.time)
        return said

    def _judge(
        self, watch: Watch, item: str, value: float, sample: Sample, *, is_live: bool
    ) -> list[Alert]:
        key = watch.name, item
        verdict = watch.judge(item, value)
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
        if condition.told is not None:
            if verdict is not False:
                return []
            del self._conditions[key]
            return [self._say(watch, item, "cleared", condition, sample.time)]
        if not is_live or sample.time - condition.since < watch.lasting:
            return []
        condition.told = sample.time
        return [self._say(watch, item, "raised", condition, sample.time)]

    def _widest(self, family: str) -> float:
        """Seconds between two samples of a family that are no gap."""
        return _GAP * self._cadences.get(family, 1.0) + 1

    def _miss(self, watch: Watch, items: set[str], now: float) -> list[Alert]:
        """Give up on items that a family's samples have lacked for long."""
        said = []
        for key, condition in list(self._conditions.items()):
            name, item = key
            if name != watch.name:
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
                said.append(self._end(watch, item, condition, now))
        return said

    def _give_up(self, now: float) -> list[Alert]:
        """End the alerts of the past that no rule stands behind any more."""
        said = [
            replace(alert, time=now, state="cleared", message=f"{alert.alert}: no longer watched")
            for alert in self._abandoned
        ]
        self._abandoned = []
        return said

    def _remind(self, now: float) -> list[Alert]:
        said = []
        for watch in self._watches:
            for (name, item), condition in self._conditions.items():
                if name != watch.name or condition.told is None:
                    continue
                if condition.told > now:  # the clock was set back
                    condition.told = now
                elif now - condition.told >= self._still:
                    condition.told = now
                    said.append(self._say(watch, item, "still", condition, now))
        return said

    def _say(
        self, watch: Watch, item: str, state: State, condition: _Condition, now: float
    ) -> Alert:
        return Alert(
            host=self._host,
            time=now,
            alert=_name(watch, item),
            rule=watch.name,
            level=watch.level,
            state=state,
            about=watch.about(item),
            value=finite(condition.value),
            threshold=watch.threshold(item),
            since=condition.since,
            message=watch.message(item, condition.value, is_over=state == "cleared"),
        )

    def _end(self, watch: Watch, item: str, condition: _Condition, now: float) -> Alert:
        said = self._say(watch, item, "cleared", condition, now)
        return replace(said, message=f"{item}: no longer there")


def _name(watch: Watch, item: str) -> str:
    return f"{watch.name}:{item}" if item else watch.name
