"""Rows of a series as columns of an answer: with two rows a span, or as bands."""

from collections.abc import Sequence

from dashboard.history.block import Value
from dashboard.history.downsample import Reduced


def as_columns(found: Reduced) -> dict[str, list[Value]]:
    """Return columns of numbers that share one `time`.

    A sample has one row. A span has two, with the lowest and the highest value in the order in
    which they came, at the times of its first and its last sample. A row of nulls stands in a
    silence.
    """
    rows, quiet = found.rows, _silences(found)
    if not rows.span:
        times = _with(quiet, [round(time, 3) for time in rows.times], quiet)
        means = {path: _with(quiet, column.mean) for path, column in rows.columns.items()}
        return {"time": times, **means}
    columns = rows.columns.values()
    counts = [[count or 0 for count in column.count] for column in columns]
    is_one = [max(each) <= 1 for each in zip([0] * len(rows.times), *counts, strict=True)]
    time: list[Value] = []
    for index, start in enumerate(rows.times):
        if index in quiet:
            time.append(quiet[index])
        if is_one[index]:
            offsets = (column.low_at[index] for column in columns)
            offset = next((each for each in offsets if each is not None), 0)
            time.append(round(start + offset, 3))
        else:
            time += round(found.firsts[index], 3), round(found.ends[index], 3)
    out = {"time": time}
    for path, column in rows.columns.items():
        values = out[path] = []
        whole = zip(is_one, *column.lists(), strict=True)
        for index, (one, mean, low, high, low_at, high_at, _) in enumerate(whole):
            if index in quiet:
                values.append(None)
            if one:
                values.append(mean)
            else:
                values += (low, high) if (low_at or 0) <= (high_at or 0) else (high, low)
    return out


def as_bands(found: Reduced, *, when: bool = True) -> dict[str, object]:
    """Return {"span", "time", "mean", "low", "high", "low_at", "high_at"}.

    `time` is the start of each span; the others are columns by path, `low_at` and `high_at` the
    seconds since 1970 of a span's lowest and highest value, left out without `when`. A row of nulls
    stands in a silence. For samples `span` is 0.0, and only `time` and `mean` are there.
    """
    rows, quiet = found.rows, _silences(found)
    columns = rows.columns.items()
    time = _with(quiet, [round(each, 3) for each in rows.times], quiet)
    out: dict[str, object] = {"span": rows.span, "time": time}
    out["mean"] = {path: _with(quiet, column.mean) for path, column in columns}
    if rows.span:
        out["low"] = {path: _with(quiet, column.low) for path, column in columns}
        out["high"] = {path: _with(quiet, column.high) for path, column in columns}
        if when:
            for name in ("low_at", "high_at"):
                out[name] = {
                    path: _with(quiet, _moments(rows.times, getattr(column, name)))
                    for path, column in columns
                }
    return out


def _silences(found: Reduced) -> dict[int, float]:
    """Return the middle of each silence, by the index of the row after it, in order."""
    times = found.rows.times
    return {
        index: round((found.ends[index - 1] + times[index]) / 2, 3)
        for index in sorted(found.after_silence)
    }


def _moments(times: list[float], offsets: list[Value]) -> list[Value]:
    return [
        None if offset is None else round(time + offset, 2)
        for time, offset in zip(times, offsets, strict=True)
    ]


def _with(
    quiet: dict[int, float], values: Sequence[Value], there: dict[int, float] | None = None
) -> list[Value]:
    """Return values with one more in each silence: null, or that of `there`."""
    out: list[Value] = []
    done = 0
    for index in quiet:
        out += [*values[done:index], None if there is None else there[index]]
        done = index
    return [*out, *values[done:]]
