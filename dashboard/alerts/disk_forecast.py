"""Filesystems that will be full within a day if they go on as they did in the last hours.

A straight line through their use, one point a minute, by least squares. It has to fit: most of the
variance is the line's. And it is believed for a time in proportion to that over which it was seen:
ten minutes of unpacking an archive say nothing about tomorrow.
"""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.alerts.evaluator import Rule
from dashboard.alerts.model import duration
from dashboard.metrics.family import Sample


class DiskFullForecast(Rule):
    """The watch for all filesystems; its readings are hours until one is full."""

    name = "disk-filling"
    has_items = True

    _HOURS = 24.0
    _CLEAR_HOURS = 36.0
    _WINDOW = 3 * 3600.0
    _STEP = 60.0
    _LEAST = 600.0  # seconds that have to be seen
    _AHEAD = 12  # times the time seen
    _FIT = 0.8  # of the variance

    def __init__(self) -> None:
        self._points: dict[str, deque[tuple[float, float]]] = {}

    def reads(self, family: str) -> bool:
        return family == "filesystem"

    def lookback(self, family: str) -> float:
        return self._WINDOW if self.reads(family) else 0.0

    def readings(self, sample: Sample) -> Iterator[tuple[str, float | None]]:
        mounts = {mount["mountpoint"]: mount for mount in sample.figures.get("mounts", ())}
        for item in [item for item in self._points if item not in mounts]:
            del self._points[item]
        for item, mount in mounts.items():
            points = self._points.setdefault(item, deque())
            if points and sample.time < points[-1][0]:
                points.clear()  # the clock was set back
            if points and sample.time - points[-1][0] < self._STEP:
                yield item, None
                continue
            points.append((sample.time, mount["used"]))
            while points[0][0] < sample.time - self._WINDOW:
                points.popleft()
            yield item, self._hours_left(points, _capacity(mount))

    def is_firing(self, item: str, value: float) -> bool | None:
        if value < self._HOURS:
            return True
        return False if value > self._CLEAR_HOURS else None

    def threshold(self, item: str) -> float:
        return self._HOURS

    def metric_family(self, item: str) -> str:
        return "filesystem"

    def message(self, item: str, value: float, *, is_over: bool) -> str:
        if is_over:
            return f"{item} is no longer about to be full within a day"
        return f"{item} will be full in {duration(value * 3600)} if it goes on like this"

    def _hours_left(self, points: Sequence[tuple[float, float]], capacity: float) -> float | None:
        """Hours until a filesystem is full; infinite where it isn't filling, None if unknown."""
        seen = points[-1][0] - points[0][0]
        if seen < self._LEAST:
            return None
        slope, fit = trend(points)
        if slope <= 0 or fit < self._FIT:
            return math.inf
        left = max(0.0, capacity - points[-1][1]) / slope
        return left / 3600 if left <= self._AHEAD * seen else math.inf


def trend(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The slope of the line through points by least squares, and how much of the variance it has.

    At least two points, of different x.
    """
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    xx = sum((x - mean_x) ** 2 for x, _ in points)
    yy = sum((y - mean_y) ** 2 for _, y in points)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return xy / xx, (xy * xy / (xx * yy) if yy else 0.0)


def _capacity(mount: Mapping[str, Any]) -> float:
    """Bytes that users can fill; what the system keeps for itself shows in the percentage."""
    total, used, percent = mount["total"], mount["used"], mount["percent"]
    return min(total, used * 100 / percent) if percent >= 1 else float(total)
