"""The alert rule for families that have stopped coming."""

import math
from collections.abc import Iterator, Mapping

from dashboard.alerts.model import Level, duration
from dashboard.metrics.family import Sample


class StaleFamilyRule:
    """Families that have stopped coming while others come.

    The time in which nothing came at all (the machine slept, the service was away) is nobody's
    silence.
    """

    name = "family-silent"
    level: Level = "warning"
    for_seconds = 0.0
    has_items = False  # they are not in samples

    _CADENCES = 10
    _LEAST = 10.0  # seconds

    def __init__(self, cadences: Mapping[str, float]) -> None:
        self._cadences = cadences
        self._pause = 3 * min(cadences.values(), default=1.0) + 1
        self._last: dict[str, float] = {}
        self._any = -math.inf

    def reads(self, family: str) -> bool:
        return True

    def lookback(self, family: str) -> float:
        return 0.0  # the newest of each family is enough

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
