"""Seconds between two samples of a family."""

import math
from collections.abc import Iterable

from dashboard.metrics.family import FamilyFactory


def cadence_of(family: float, interval: float) -> float:
    """Return seconds between samples: the family's, but a whole number of longer intervals."""
    if family <= interval or interval <= 1:
        return max(family, interval)
    return math.ceil(family / interval) * interval


def cadences(families: Iterable[FamilyFactory], interval: float) -> dict[str, float]:
    """Return seconds between two samples of each family, by name."""
    return {family.name: cadence_of(family.cadence, interval) for family in families}
