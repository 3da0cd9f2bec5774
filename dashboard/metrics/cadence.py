"""Cadences: seconds between two samples of a family."""

import math
from collections.abc import Iterable

from dashboard.metrics.family import Family


def cadence_of(family: float, interval: float) -> float:
    """Seconds between samples of a family: its own, but a whole number of longer intervals."""
    if family <= interval or interval <= 1:
        return max(family, interval)
    return math.ceil(family / interval) * interval


def cadences(families: Iterable[type[Family]], interval: float) -> dict[str, float]:
    """Seconds between two samples of each family, by name."""
    return {family.name: cadence_of(family.cadence, interval) for family in families}
