"""Pack rows of one series into compressed columns, and unpack them.

A packed part is zlib over JSON, one list a column: on a machine's figures that takes 0.7 bytes a
value, and binary forms were not smaller. Numbers keep five significant digits, which is more than
a chart can show.
"""

import zlib
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any

import msgspec

Value = float | None

MOST_COLUMNS = 512  # of a part; figures beyond that are left out
_DECODER = msgspec.json.Decoder(tuple[float, list[int], dict[str, msgspec.Raw]])
_MOST = 1e300
_SIMPLE = 1e5  # whole numbers below it have no more than five digits
_LEVEL = 6  # of zlib; 9 takes twice the time for 1 % less


@dataclass(slots=True)
class Column:
    """One figure of the rows of a part, a value each; None where a row has no such figure.

    A sample has only `mean`. A span also has its lowest and highest value, the seconds from the
    start of the span to each of them, and the number of samples.
    """

    mean: list[Value] = field(default_factory=list)
    low: list[Value] = field(default_factory=list)
    high: list[Value] = field(default_factory=list)
    low_at: list[Value] = field(default_factory=list)
    high_at: list[Value] = field(default_factory=list)
    count: list[Value] = field(default_factory=list)

    def lists(self) -> list[list[Value]]:
        """Return the lists in the order of the packed form."""
        return [self.mean, self.low, self.high, self.low_at, self.high_at, self.count]


@dataclass(slots=True)
class Rows:
    """Rows of one series in order of time; `times` are seconds since 1970, `span` their length.

    `span` is 0.0 for samples.
    """

    span: float
    times: list[float] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)

    def within(self, first: float, end: float) -> "Rows":
        """Return the rows from `first` until before `end`, seconds since 1970."""
        here, stop = bisect_left(self.times, first), bisect_left(self.times, end)
        if (here, stop) == (0, len(self.times)):
            return self
        columns = {
            path: Column(*(values[here:stop] for values in column.lists()))
            for path, column in self.columns.items()
        }
        return Rows(self.span, self.times[here:stop], columns)

    def only(self, paths: "Callable[[str], bool] | None") -> "Rows":
        """Return these rows with the columns whose path `paths` accepts; None accepts all."""
        if paths is None:
            return self
        kept = {path: column for path, column in self.columns.items() if paths(path)}
        return Rows(self.span, self.times, kept)


def samples(rows: Iterable[tuple[float, Mapping[str, Value]]]) -> Rows:
    """Make rows of samples, (time, figures by path) each, in any order.

    Numbers keep five significant digits. Figures beyond `MOST_COLUMNS` are left out.
    """
    in_order = sorted(rows, key=lambda row: row[0])
    out = Rows(0.0, [round(time, 3) for time, _ in in_order])
    ordered = [figures for _, figures in in_order]
    paths = list(dict.fromkeys(chain.from_iterable(ordered)))[:MOST_COLUMNS]
    for path in paths:
        values = shortened([figures.get(path) for figures in ordered])
        if values.count(None) < len(values):
            out.columns[path] = Column(values)
    return out


def short(value: Value) -> Value:
    """Round to five significant digits; whole numbers of up to seven digits stay as they are."""
    if value is None or not -_MOST < value < _MOST:  # neither infinite nor NaN
        return None
    whole = int(value)
    return whole if whole == value and -10_000_000 < whole < 10_000_000 else float(f"{value:.5g}")


def shortened(values: Sequence[Any]) -> list[Value]:
    """Return `short` of each value; all at once where that works, which takes a fourth."""
    try:
        if max(map(abs, values), default=0) < _SIMPLE:
            text = ",".join(["%.5g"] * len(values)) % (*values,)
            whole: list[Value] = msgspec.json.decode(f"[{text}]")
            return whole
    except (TypeError, msgspec.DecodeError):
        pass  # one is None, or not a number
    return [short(value) for value in values]


def pack(rows: Rows) -> bytes:
    """Pack rows for the store."""
    ticks = [round(time * 1000) for time in rows.times]  # milliseconds
    steps = [after - before for before, after in zip([0, *ticks], ticks, strict=False)]
    columns = {
        path: column.lists() if rows.span else column.mean for path, column in rows.columns.items()
    }
    return zlib.compress(msgspec.json.encode([rows.span, steps, columns]), _LEVEL)


def unpack(data: bytes, paths: Callable[[str], bool] | None = None) -> Rows:
    """Unpack a part, or only the columns whose path `paths` accepts.

    Raises ValueError for bytes that are no part.
    """
    try:
        span, steps, columns = _DECODER.decode(zlib.decompress(data))
        times = [tick / 1000 for tick in accumulate(steps)]
        out = Rows(float(span), times)
        for path, packed in columns.items():
            if paths is None or paths(path):
                lists = msgspec.json.decode(packed)
                out.columns[path] = Column(*lists) if span else Column(lists)
    except (zlib.error, msgspec.MsgspecError, TypeError) as error:
        raise ValueError(f"no part of a history: {error}") from None
    return out
