"""Alert rules about figures: a limit of the rule's own, or one that each item has."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from dashboard.alerts.evaluator import Rule
from dashboard.alerts.model import duration
from dashboard.events.paths import ITEM_KEYS
from dashboard.metrics.catalogue.levels import RuleRow
from dashboard.metrics.family import Sample
from dashboard.settings import WILDCARD, AlertRule, Comparison

_WORDS = {">": "above", ">=": "at or above", "<": "below", "<=": "at or below"}


class ThresholdRule(Rule):
    """A limit for one figure, or for one of each item of a list or an object."""

    def __init__(self, rule: AlertRule, subject: str = "", unit: str = "") -> None:
        """`subject` is what the figure is called in messages, with {} for the item."""
        self.name = rule.name
        self.level = rule.level
        self.for_seconds = rule.for_seconds
        self.has_items = WILDCARD in rule.path
        self.rule = rule
        self._subject = subject
        self._unit = unit

    def reads(self, family: str) -> bool:
        return family == self.rule.family

    def readings(self, sample: Sample) -> Iterable[tuple[str, float | None]]:
        # Two items of one name (processes, say) count as the first of them.
        found: dict[str, float | None] = {}
        for names, value in _walk(sample.figures, self.rule.path, ()):
            found.setdefault(":".join(names), _number(value))
        return found.items()

    def row(self, *, everywhere: bool = False) -> RuleRow:
        """The rule as the machine's event `rules` says it."""
        return RuleRow(
            name=self.name,
            figure=".".join((self.rule.family, *self.rule.path)),
            sign=self.rule.condition.sign,  # type: ignore[arg-type]  # checked by the settings
            limit=self.rule.condition.number,
            clear=self.rule.clear.number,
            level=self.level,
            for_=self.for_seconds,
            everywhere=everywhere,
        )

    def is_firing(self, item: str, value: float) -> bool | None:
        if self.rule.condition.holds(value):
            return True
        return False if self.rule.clear.holds(value) else None

    def threshold(self, item: str) -> float:
        return self.rule.condition.number

    def metric_family(self, item: str) -> str:
        return self.rule.family

    def message(self, item: str, value: float, *, is_over: bool) -> str:
        subject = self._subject.format(item) or self._path(item)
        limit = f"{_WORDS[self.rule.condition.sign]} {self.threshold(item):g}{self._unit}"
        if is_over:
            return f"{subject} is {_short(value)}{self._unit}, no longer {limit}"
        lasting = f" for {duration(self.for_seconds)}" if self.for_seconds else ""
        return f"{subject} is {_short(value)}{self._unit}, {limit}{lasting}"

    def _path(self, item: str) -> str:
        names = iter(item.split(":", self.rule.path.count(WILDCARD) - 1) if item else ())
        parts = [next(names, part) if part == WILDCARD else part for part in self.rule.path]
        return ".".join((self.rule.family, *parts))


class ItemLimitRule(ThresholdRule):
    """A figure of each item of a list that is at or beyond the item's own limit."""

    _BACK = 3.0  # by how much it has to be below again

    def __init__(self, rule: AlertRule, limit_field: str, subject: str, unit: str) -> None:
        """`limit_field` is the field of the item that has the limit; the rule's number is none."""
        super().__init__(rule, subject, unit)
        self._limit_field = limit_field
        self._limits: dict[str, float] = {}

    def readings(self, sample: Sample) -> Iterable[tuple[str, float | None]]:
        *above, last = self.rule.path
        found: dict[str, float | None] = {}
        for names, item in _walk(sample.figures, above, ()):
            name, fields = ":".join(names), _children(item)
            limit = _number(fields.get(self._limit_field))
            if name not in found:
                found[name] = None if limit is None else _number(fields.get(last))
                self._limits[name] = math.nan if limit is None else limit
        self._limits = {name: self._limits[name] for name in found}
        return found.items()

    def is_firing(self, item: str, value: float) -> bool | None:
        limit = self.threshold(item)
        if Comparison(self.rule.condition.sign, limit).holds(value):
            return True
        return False if value < limit - self._BACK else None

    def threshold(self, item: str) -> float:
        return self._limits.get(item, math.nan)

    def row(self, *, everywhere: bool = False) -> RuleRow:
        row = super().row(everywhere=everywhere)
        return replace(row, limit=None, clear=None, limit_field=self._limit_field)


def _walk(
    value: Any, path: Sequence[str], names: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What is at a path, with the names of the items that stand for its wildcards."""
    if not path:
        yield names, value
        return
    children = _children(value)
    if path[0] == WILDCARD:
        for name, child in children.items():
            yield from _walk(child, path[1:], (*names, name))
    elif path[0] in children:
        yield from _walk(children[path[0]], path[1:], names)


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None


def _children(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    if isinstance(value, list):
        for index, item in enumerate(value):
            keys = ITEM_KEYS if isinstance(item, Mapping) else ()
            name = next((item[key] for key in keys if isinstance(item.get(key), str)), str(index))
            found.setdefault(name, item)
    return found


def _short(value: float) -> str:
    return f"{round(value, 1):g}" if abs(value) < 1e6 else f"{value:.4g}"
