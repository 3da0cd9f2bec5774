"""Rows of a series as columns of an answer: with two rows a span, or as bands."""

from collections.abc import Iterator

from dashboard.history.block import Column, Value
from dashboard.history.downsample import Reduced


def as_columns(found: Reduced) -> dict[str, list[Value]]:
    """Return columns of numbers that share one `time`.

    A sample has one row. A span has two, with the lowest and the highest value in the order in
    which they came, at the times of its first and its last sample. A row of nulls stands in a
    silence.
    """
    rows = found.rows
    out: dict[str, list[Value]] = {"time": [], **{path: [] for path in rows.columns}}
    columns = [(out[path], column) for path, column in rows.columns.items()]
    for index, silence in _order(found):
        start = rows.times[index]
        if silence is not None:
            out["time"].append(silence)
            for values, _ in columns:
                values.append(None)
        elif not rows.span or all((column.count[index] or 0) <= 1 for _, column in columns):
            offsets = [column.low_at[index] for _, column in columns if rows.span]
            offset = next((each for each in offsets if each is not None), 0)
            out["time"].append(round(start + offset, 3))
            for values, column in columns:
                values.append(column.mean[index])
        else:
            out["time"] += [round(found.firsts[index], 3), round(found.ends[index], 3)]
            for values, column in columns:
                low_at, high_at = column.low_at[index] or 0, column.high_at[index] or 0
                pair = column.low[index], column.high[index]
                values += pair if low_at <= high_at else pair[::-1]
    return out


def as_bands(found: Reduced, *, when: bool = True) -> dict[str, object]:
    """Return {"span", "time", "mean", "low", "high", "low_at", "high_at"}.

    `time` is the start of each span; the others are columns by path, `low_at` and `high_at` the
    seconds since 1970 of a span's lowest and highest value, left out without `when`. A row of nulls
    stands in a silence. For samples `span` is 0.0, and only `time` and `mean` are there.
    """
    rows = found.rows
    order = list(_order(found))
    time = [rows.times[index] if silence is None else silence for index, silence in order]

    def columns(name: str) -> dict[str, list[Value]]:
        return {
            path: [None if silence is not None else _value(column, name, i) for i, silence in order]
            for path, column in rows.columns.items()
        }

    def moments(name: str) -> dict[str, list[Value]]:
        return {
            path: [
                None if offset is None else round(start + offset, 2)
                for start, offset in zip(time, offsets, strict=True)
            ]
            for path, offsets in columns(name).items()
        }

    out: dict[str, object] = {"span": rows.span, "time": [round(each, 3) for each in time]}
    out["mean"] = columns("mean")
    if rows.span:
        out |= {name: columns(name) for name in ("low", "high")}
        if when:
            out |= {name: moments(name) for name in ("low_at", "high_at")}
    return out


def _value(column: Column, name: str, index: int) -> Value:
    values: list[Value] = getattr(column, name)
    return values[index]


def _order(found: Reduced) -> Iterator[tuple[int, float | None]]:
    """Yield (row, None) for each row, and before it (row, time of a silence) if there is one."""
    for index, start in enumerate(found.rows.times):
        if index in found.after_silence:
            yield index, round((found.ends[index - 1] + start) / 2, 3)
        yield index, None
