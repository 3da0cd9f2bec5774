"""What a span says of one figure: mean, lowest, highest, their times, and the count."""

import math
from dataclasses import dataclass

from dashboard.history.block import Column, Rows, short


@dataclass(slots=True)
class Extremes:
    """One figure within one span: its extremes with their times, the sum of values, and how many.

    Times are seconds since 1970.
    """

    low: float
    low_at: float
    high: float
    high_at: float
    total: float
    count: float

    def widen(self, other: "Extremes") -> None:
        """Take the extremes of another that reach further."""
        if other.low < self.low:
            self.low, self.low_at = other.low, other.low_at
        if other.high > self.high:
            self.high, self.high_at = other.high, other.high_at


def extremes_of(
    rows: Rows, column: Column, here: int, after: int, limit: float
) -> tuple[Extremes | None, Extremes | None]:
    """Return what rows say of a figure, and what the last one says of the time from `limit` on."""
    means = [value for value in column.mean[here:after] if value is not None]
    if not means:
        return None, None
    if not rows.span:
        low, high = min(means), max(means)
        low_at = rows.times[column.mean.index(low, here, after)]
        high_at = rows.times[column.mean.index(high, here, after)]
        return Extremes(low, low_at, high, high_at, math.fsum(means), len(means)), None
    lows, low_ats = column.low[here:after], column.low_at[here:after]
    highs, high_ats = column.high[here:after], column.high_at[here:after]
    late, last = None, rows.times[after - 1]
    mean = column.mean[after - 1]
    if last + rows.span > limit and mean is not None:
        # Its extremes stand in the span of their own time, and here its mean.
        late = Extremes(math.inf, 0.0, -math.inf, 0.0, 0.0, 0.0)
        if last + (low_ats[-1] or 0) >= limit:
            late.low, late.low_at = lows[-1] or 0.0, last + (low_ats[-1] or 0)
            lows[-1], low_ats[-1] = mean, 0.0
        if last + (high_ats[-1] or 0) >= limit:
            late.high, late.high_at = highs[-1] or 0.0, last + (high_ats[-1] or 0)
            highs[-1], high_ats[-1] = mean, 0.0
    low = min(value for value in lows if value is not None)
    high = max(value for value in highs if value is not None)
    low_row, high_row = lows.index(low), highs.index(high)
    weights = [value or 0 for value in column.count[here:after]]
    total = math.fsum(
        (value or 0) * weight
        for value, weight in zip(column.mean[here:after], weights, strict=True)
    )
    found = Extremes(
        low,
        rows.times[here + low_row] + (low_ats[low_row] or 0),
        high,
        rows.times[here + high_row] + (high_ats[high_row] or 0),
        total,
        sum(weights),
    )
    return found, late


def append(column: Column, found: Extremes | None, start: float) -> None:
    """Add a span that starts at `start` to a column; None is one without the figure."""
    if found is None:
        for each in column.lists():
            each.append(None)
        return
    column.mean.append(short(found.total / found.count))
    column.low.append(short(found.low))
    column.high.append(short(found.high))
    column.low_at.append(round(found.low_at - start, 1))
    column.high_at.append(round(found.high_at - start, 1))
    column.count.append(int(found.count))
