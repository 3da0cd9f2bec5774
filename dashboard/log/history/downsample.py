"""Reduce rows to spans of equal length: mean, lowest, highest, their times, and the count.

`Reducer` takes rows of any tier piece by piece, in order of time, and holds no more than its
spans. Memory and the size of an answer are bounded by the number of spans, not by the rows read.
"""

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from dashboard.log.history.block import MOST_COLUMNS, Column, Rows, Value
from dashboard.log.history.extremes import Extremes, Pieces
from dashboard.log.history.missing_samples import silences


@dataclass(slots=True)
class Reduced:
    """Rows of an answer, the times of the first and the last sample of each, and silences.

    `after_silence` are the indexes of rows before which there is a silence.
    """

    rows: Rows
    firsts: list[float]
    ends: list[float]
    after_silence: frozenset[int]


_AROUND = 10  # times of earlier rows that tell what is a silence
_Key = tuple[int, int]  # the number of a span, and of the silences before it


class Reducer:
    """Spans of `span` seconds from `start` on, for one series.

    A silence within a span ends it: what comes after is a span of its own, so that a chart can
    break its line there.
    """

    def __init__(
        self, start: float, span: float, most_silences: int = 0, *, is_timed: bool = True
    ) -> None:
        """`most_silences` is how many spans may be cut at silences.

        Without `is_timed` extremes have no times.
        """
        self._is_timed = is_timed
        self._start = start
        self._span = span
        self._most_silences = most_silences
        self._figures: dict[str, Extremes] = {}
        self._places: dict[_Key, int] = {}  # of the spans in the lists, which are as they came
        self._starts: list[float] = []
        self._firsts: list[float] = []
        self._ends: list[float] = []
        self._silences = 0
        self._before: list[float] = []  # the times of the last rows
        self._before_span = 0.0  # of these rows

    def add(self, rows: Rows, first: float = -math.inf, end: float = math.inf) -> None:
        """Take the rows from `first` until before `end`, seconds since 1970."""
        pieces = self._cut(rows, first, end)
        if not pieces.cuts:
            return
        for path, column in rows.columns.items():
            figure = self._figures.get(path)
            if figure is None:
                if len(self._figures) >= MOST_COLUMNS:
                    continue
                figure = self._figures[path] = Extremes(is_timed=self._is_timed)
            figure.add(rows, column, pieces)

    def _cut(self, rows: Rows, first: float, end: float) -> Pieces:
        times = rows.times
        here = bisect_left(times, max(first, self._start))
        stop = bisect_left(times, end)
        cuts = [here + cut for cut in self._silent_before(times[here:stop], rows.span)]
        pieces = Pieces(len(self._starts))
        while here < stop:
            if cuts and here == cuts[0]:
                self._silences += 1
                del cuts[0]
            number = int((times[here] - self._start) / self._span)
            if times[here] >= self._start + (number + 1) * self._span:
                number += 1  # float error at the edge of a span
            limit = self._start + (number + 1) * self._span
            after = bisect_left(times, limit, here, cuts[0] if cuts else stop)
            place = self._place(number, times[here])
            (pieces.old if place < pieces.known else pieces.new).append(len(pieces.cuts))
            self._ends[place] = times[after - 1] + rows.span
            left = limit - times[after - 1]
            # A row that is longer than a span has no other place than its own.
            if 0 < left < rows.span <= self._span:
                pieces.crossing.append((len(pieces.cuts), after - 1, left))
            pieces.places.append(place)
            pieces.cuts.append((here, after))
            here = after
        return pieces

    def _place(self, number: int, first: float) -> int:
        """Return the place of a span, made if its first row is this one."""
        key = number, self._silences
        place = self._places.setdefault(key, len(self._starts))
        if place == len(self._starts):
            is_cut = (number, self._silences - 1) in self._places
            self._starts.append(first if is_cut else self._start + number * self._span)
            self._firsts.append(first)
            self._ends.append(first)
        return place

    def reduced(self) -> Reduced:
        """Return the spans with their ends, and which come after a silence."""
        rows = self.spans()
        keys = sorted(self._places)
        order = [self._places[key] for key in keys]
        cut = (place + 1 for place, (a, b) in enumerate(pairwise(keys)) if a[1] != b[1])
        # A silence of several spans is shown, too: those spans have no rows.
        quiet = frozenset(cut) | silences(rows.times, len(keys))
        firsts = [self._firsts[place] for place in order]
        return Reduced(rows, firsts, [self._ends[place] for place in order], quiet)

    def spans(self) -> Rows:
        """Return the spans that have rows, each at its start."""
        order = [self._places[key] for key in sorted(self._places)]
        after = [self._places.get((n + 1, quiet), at) for (n, quiet), at in self._places.items()]
        out = Rows(self._span, [self._starts[place] for place in order])
        natural = None if order == list(range(len(order))) else order
        for path, figure in self._figures.items():
            out.columns[path] = figure.column(self._starts, natural, after)
        return out

    def _silent_before(self, times: list[float], span: float) -> list[int]:
        """Return the places in `times` before which there is a silence, in order.

        Rows of another tier follow the end of the last row, and not its start: an hour before a row
        of a minute is no silence.
        """
        left = self._most_silences - self._silences
        if left <= 0 or not times:
            return []
        if span != self._before_span:
            self._before = [each + self._before_span for each in self._before[-1:]]
        self._before_span = span
        before = self._before
        found = sorted(silences([*before, *times], left))
        self._before = [*before, *times][-_AROUND:]
        return [place - len(before) for place in found if place >= len(before)]


def joined(parts: list[Rows]) -> Rows:
    """Join parts of one series in one tier; rows of a later part replace those of an earlier one.

    A figure that replacing rows do not have is None in them.
    """
    if len(parts) == 1:
        return parts[0]
    paths = list(dict.fromkeys(path for part in parts for path in part.columns))[:MOST_COLUMNS]
    out = Rows(parts[0].span if parts else 0.0, [time for part in parts for time in part.times])
    for path in paths:
        column = out.columns[path] = Column()
        for part in parts:
            source, missing = part.columns.get(path), [None] * len(part.times)
            for target, values in _lists(column, source, is_span=bool(out.span)):
                target += values or missing
    if any(after <= before for before, after in pairwise(out.times)):
        # Samples of one time within a part are several; a later part's stand in for them.
        last: dict[tuple[float, int], int] = {}
        row = 0
        for part in parts:
            seen: Counter[float] = Counter()
            for time in part.times:
                last[time, seen[time]] = row
                seen[time] += 1
                row += 1
        order = [last[key] for key in sorted(last)]
        out.times = [out.times[row] for row in order]
        for column in out.columns.values():
            for target, _ in _lists(column, None, is_span=bool(out.span)):
                target[:] = [target[row] for row in order]
    return out


def _lists(
    column: Column, source: Column | None, *, is_span: bool
) -> list[tuple[list[Value], list[Value] | None]]:
    """Return the lists of a column, each with that of another; of samples only the first."""
    lists = column.lists()
    others = source.lists() if source is not None else [None] * len(lists)
    return list(zip(lists, others, strict=True))[: None if is_span else 1]
