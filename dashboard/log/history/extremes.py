"""What spans say of one figure: lowest and highest value with their times, sum, and count.

A column is worked on as a whole: a few calls of built-in functions for each span, and no loop over
its values.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from dashboard.log.history.block import Column, Rows, Value, shortened

_Found = tuple[int, float, float]  # the place of a span, a value, and its time
_Lists = tuple[list[Any], list[Any], list[Any], list[Any], list[Any], list[Any]]


@dataclass(slots=True)
class Pieces:
    """Rows cut into pieces, one for each span: from row `cuts[n][0]` until before `cuts[n][1]`.

    `places[n]` is the place of the span among all. There were `known` spans before, which the
    pieces `old` are of, and `new` are the others. `crossing` has (n, row, seconds of the row in the
    span) for rows that end after their span.
    """

    known: int
    cuts: list[tuple[int, int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    old: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    crossing: list[tuple[int, int, float]] = field(default_factory=list)


class Extremes:
    """One figure in spans, a value each, by the spans' places; where it is missing count is 0."""

    def __init__(self, *, is_timed: bool) -> None:
        """`is_timed`: the times of extremes are wanted; without them it is half as much work."""
        self._is_timed = is_timed
        self._low: list[float] = []
        self._low_at: list[float] = []  # seconds since 1970
        self._high: list[float] = []
        self._high_at: list[float] = []
        self._total: list[float] = []
        self._count: list[float] = []
        # Extremes that rows have after the end of the span in which they begin.
        self._late_lows: list[_Found] = []
        self._late_highs: list[_Found] = []

    def add(self, rows: Rows, column: Column, pieces: Pieces) -> None:
        """Take one column of rows."""
        self._pad(pieces.known)
        lows, low_offsets, highs, high_offsets, sums, counts = _without_none(column, rows.span)
        if pieces.crossing:
            lows, low_offsets, late = _moved(rows, column, lows, low_offsets, pieces)
            self._late_lows += late
            highs, high_offsets, late = _moved(rows, column, highs, high_offsets, pieces)
            self._late_highs += late
        low = _each(min, lows, pieces)
        high = _each(max, highs, pieces)
        low_at = self._times(low, lows, low_offsets, rows.times, pieces)
        high_at = self._times(high, highs, high_offsets, rows.times, pieces)
        total = _each(math.fsum, sums, pieces)
        if counts:
            count = _each(sum, counts, pieces)
        else:
            count = [after - here for here, after in pieces.cuts]
        for piece in pieces.old:
            place = pieces.places[piece]
            self._widen_low(place, low[piece], low_at[piece])
            self._widen_high(place, high[piece], high_at[piece])
            self._total[place] += total[piece]
            self._count[place] += count[piece]
        more: list[list[Any]] = [low, low_at, high, high_at, total, count]
        for values, found in zip(self._lists(), more, strict=True):
            values += [found[piece] for piece in pieces.new] if pieces.old else found

    def column(
        self, starts: Sequence[float], order: Sequence[int] | None, after: Sequence[int]
    ) -> Column:
        """Return the spans as a column, in an order of their places; None: as they are.

        By place, `starts` are their times, and `after` the places of those that follow them: their
        own where none does. Without times `low_at` and `high_at` are empty.
        """
        self._pad(len(starts))
        for late, widen in (
            (self._late_lows, self._widen_low),
            (self._late_highs, self._widen_high),
        ):
            for place, value, at in late:
                widen(after[place] if self._count[after[place]] else place, value, at)
            late.clear()
        found = self._lists()
        if order is not None:
            starts = [starts[place] for place in order]
            found = [[values[place] for place in order] for values in found]
        low, low_at, high, high_at, total, count = found
        column = Column(
            shortened([sum_ / (many or 1) for sum_, many in zip(total, count, strict=True)]),
            low.copy(),
            high.copy(),
            self._offsets(low_at, starts),
            self._offsets(high_at, starts),
            list(map(int, count)),
        )
        if 0 in count:
            for lists in column.lists():
                lists[:] = [
                    value if many else None for value, many in zip(lists, count, strict=False)
                ]
        return column

    def _offsets(self, times: Sequence[float], starts: Sequence[float]) -> list[Value]:
        if not self._is_timed:
            return []
        return [round(time - start, 1) for time, start in zip(times, starts, strict=True)]

    def _times(
        self,
        found: list[float],
        values: list[Any],
        offsets: list[Any],
        times: list[float],
        pieces: Pieces,
    ) -> list[float]:
        """Return when each piece has the value that was found in it."""
        if not self._is_timed:
            return [0.0] * len(found)
        rows = [
            values.index(value, here, after)
            for value, (here, after) in zip(found, pieces.cuts, strict=True)
        ]
        if offsets:
            return [times[row] + offsets[row] for row in rows]
        return [times[row] for row in rows]

    def _lists(self) -> list[list[Any]]:
        return [self._low, self._low_at, self._high, self._high_at, self._total, self._count]

    def _pad(self, length: int) -> None:
        missing = length - len(self._count)
        if missing > 0:
            empty = math.inf, 0.0, -math.inf, 0.0, 0.0, 0
            for values, value in zip(self._lists(), empty, strict=True):
                values += [value] * missing

    def _widen_low(self, place: int, value: float, at: float) -> None:
        if value < self._low[place]:
            self._low[place], self._low_at[place] = value, at

    def _widen_high(self, place: int, value: float, at: float) -> None:
        if value > self._high[place]:
            self._high[place], self._high_at[place] = value, at


def _without_none(column: Column, span: float) -> _Lists:
    """Return lowest values, their offsets, highest values, their offsets, sums and counts.

    Samples have no offsets, and no counts if none is missing.
    """
    mean, low, high, low_at, high_at, count = column.lists()
    has_gaps = None in mean
    if span:
        if has_gaps:
            low, high = _filled(low, math.inf), _filled(high, -math.inf)
            mean, low_at, high_at, count = (
                _filled(values, 0) for values in (mean, low_at, high_at, count)
            )
        return low, low_at, high, high_at, list(map(mul, mean, count)), count
    if has_gaps:
        count = [0 if value is None else 1 for value in mean]
        return _filled(mean, math.inf), [], _filled(mean, -math.inf), [], _filled(mean, 0), count
    return mean, [], mean, [], mean, []


def _each(pick: Callable[[list[Any]], Any], values: list[Any], pieces: Pieces) -> list[Any]:
    """Return what `pick` makes of the values of each piece."""
    here, after = pieces.cuts[0][0], pieces.cuts[-1][1]
    if after - here == len(pieces.cuts):
        return values[here:after]  # of a single value all make the same
    return [pick(values[here:after]) for here, after in pieces.cuts]


def _filled(values: list[Value], value: float) -> list[Any]:
    return [value if each is None else each for each in values]


def _moved(
    rows: Rows, column: Column, values: list[Any], offsets: list[Any], pieces: Pieces
) -> tuple[list[Any], list[Any], list[_Found]]:
    """Return extremes and offsets with the rows' means for extremes after the end of a span.

    These are returned, too: they stand in the span of their own time.
    """
    late = [(piece, row) for piece, row, left in pieces.crossing if offsets[row] >= left]
    if not late:
        return values, offsets, []
    found = [
        (pieces.places[piece], values[row], rows.times[row] + offsets[row]) for piece, row in late
    ]
    values, offsets = values.copy(), offsets.copy()
    for _, row in late:
        values[row], offsets[row] = column.mean[row], 0.0
    return values, offsets, found
