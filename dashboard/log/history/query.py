"""Read a stretch of the history, reduced to at most so many rows while it is read.

The finest tier that a span of the answer needs is read: samples for spans under a minute, minutes
under an hour, else hours. Where that tier begins later or ends earlier than the stretch, a coarser
one fills the beginning and finer ones the end; the newest events come from the log.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboard.log.history.block import Rows
from dashboard.log.history.downsample import Reduced, Reducer, joined
from dashboard.log.history.missing_samples import silences
from dashboard.log.history.store import HistoryStore
from dashboard.log.history.tiers import MINUTES, SECONDS, TIERS, Tier
from dashboard.log.history.transaction import Series


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when until when (seconds since 1970), and how many rows an answer has at most.

    `is_open`: the end is now, and rows that came since belong to the answer, too. `is_paired`: a
    span takes two rows of the answer. `is_timed`: the times of extremes are wanted.
    """

    first: float
    end: float
    points: int
    is_open: bool = False
    is_paired: bool = True
    is_timed: bool = True

    @property
    def span(self) -> float:
        """Return the length of the spans of an answer.

        Each takes two rows. A silence within a span takes three more.
        """
        count = max(1, (self.points - 3 * self.most_silences) // 2)
        return max((self.end - self.first) / count, 1e-3)

    @property
    def most_silences(self) -> int:
        """Return how many spans are cut at a silence. Longer ones than a span are always shown."""
        return max(1, self.points // 50)

    @property
    def until(self) -> float:
        """Return the time before which rows belong to the answer."""
        return math.inf if self.is_open else self.end


def tier_for(span: float) -> Tier:
    """Return the coarsest tier whose rows are no longer than a span of the answer."""
    return next((tier for tier in reversed(TIERS) if tier.span <= span), SECONDS)


class _Asked(NamedTuple):
    series: Series | None
    stretch: Stretch
    newest: Sequence[Rows]
    paths: Callable[[str], bool] | None


class HistoryReader:
    """Reads one history; for one thread at a time."""

    def __init__(self, store: HistoryStore | None, kept: Callable[[Tier], float]) -> None:
        """`kept` gives the time before which a tier's rows count as deleted.

        Without a store there are only the samples that a caller has.
        """
        self._store = store
        self._kept = kept

    def read(
        self,
        series: Series | None,
        stretch: Stretch,
        *,
        newest: Sequence[Rows] = (),
        paths: Callable[[str], bool] | None = None,
    ) -> Reduced:
        """Return the rows of a series within a stretch.

        They are samples (`span` 0.0) where there are at most `stretch.points`, else spans of
        `stretch.span` seconds each, or as long as the rows that are left. `newest` are samples
        of the log that are not in the history.
        """
        asked, wanted = _Asked(series, stretch, newest, paths), tier_for(stretch.span)
        found = self._read(asked, wanted)
        if wanted is not SECONDS and series is not None and self._store is not None:
            counts = [sum(filter(None, column.count)) for column in found.rows.columns.values()]
            few = max(counts, default=0) <= stretch.points
            if few and self._has_all_samples(self._store, series, stretch):
                found = self._read(asked, SECONDS)
        return found

    def _read(self, asked: _Asked, wanted: Tier) -> Reduced:
        stretch = asked.stretch
        few: list[Rows] | None = []
        count = 0
        reducer = Reducer(*self._spans(stretch), stretch.most_silences, is_timed=stretch.is_timed)
        for rows, first, end in self._pieces(asked, wanted):
            here = bisect_left(rows.times, end) - bisect_left(rows.times, first)
            if not here:
                continue
            count += here
            if few is None:
                reducer.add(rows, first, end)
                continue
            few.append(rows.within(first, end))
            if rows.span or count > stretch.points:
                for each in few:
                    reducer.add(each)
                few = None
        if few is not None:
            rows = joined(few)
            return Reduced(rows, rows.times, rows.times, silences(rows.times, stretch.points // 4))
        return reducer.reduced()

    def _spans(self, stretch: Stretch) -> tuple[float, float]:
        """Return the start and the length of the spans of an answer.

        Where only a coarser tier has the stretch they are that tier's own: a span is then as long
        as what its extremes are of. So they are where the rows of the tier are few enough.
        """
        if self._store is not None:
            wanted = tier_for(stretch.span)
            if not stretch.is_paired and wanted.span:
                count = (stretch.end - stretch.first) / wanted.span + 2
                if count + 3 * stretch.most_silences <= stretch.points:
                    return stretch.first // wanted.span * wanted.span, wanted.span
            for tier, end in self._beginning(self._store, wanted, stretch)[:1]:
                if end >= stretch.end:
                    return stretch.first // tier.span * tier.span, tier.span
        return stretch.first, stretch.span

    def _pieces(self, asked: _Asked, wanted: Tier) -> Iterator[tuple[Rows, float, float]]:
        """Yield rows with the part of the stretch that they stand for, in order of time."""
        if asked.series is not None and self._store is not None:
            yield from self._stretches(self._store, asked.series, asked, wanted)
        for rows in asked.newest:
            yield rows.only(asked.paths), asked.stretch.first, asked.stretch.until

    def _stretches(
        self, store: HistoryStore, series: Series, asked: _Asked, wanted: Tier
    ) -> Iterator[tuple[Rows, float, float]]:
        stretch, paths = asked.stretch, asked.paths
        first = stretch.first
        for tier, end in self._beginning(store, wanted, stretch):
            first = max(first, self._kept(tier))
            for rows in store.read(tier, series, first, end, paths):
                yield rows, first, end
            first = max(first, end)
        for tier in reversed(TIERS[: wanted.number + 1]):
            for rows in store.read(tier, series, first, stretch.end, paths):
                yield rows, max(first, self._kept(tier)), stretch.until
                first = max(first, rows.times[-1] + (rows.span or 0.001))

    def _beginning(
        self, store: HistoryStore, wanted: Tier, stretch: Stretch
    ) -> list[tuple[Tier, float]]:
        """Return (tier, end) of the coarser tiers that have what the wanted one has no more."""
        begins = [max(store.oldest(tier) or math.inf, self._kept(tier)) for tier in TIERS]
        found = []
        for tier in reversed(TIERS[wanted.number + 1 :]):
            # Up to the start of a whole span, so that no sample counts in two tiers.
            end = math.ceil(min(begins[tier.number - 1], stretch.end) / tier.span) * tier.span
            if begins[tier.number] < end > stretch.first:
                found.append((tier, end))
        return found

    def _has_all_samples(self, store: HistoryStore, series: Series, stretch: Stretch) -> bool:
        """Return whether the samples of a stretch are all there."""
        if self._kept(SECONDS) > stretch.first + MINUTES.span:
            return False
        # The size of the file may have cost the oldest samples.
        reached = _first_time(store, SECONDS, series, stretch)
        return reached - MINUTES.span <= _first_time(store, MINUTES, series, stretch)


def _first_time(store: HistoryStore, tier: Tier, series: Series, stretch: Stretch) -> float:
    """Return the time of the first row of a tier within a stretch; infinity for none."""
    for rows in store.read(tier, series, stretch.first, stretch.end, lambda path: False):
        for time in rows.times:
            if time >= stretch.first:
                return time
    return math.inf
