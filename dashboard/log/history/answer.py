"""Rows of a series as an answer: as columns with two rows a span, as bands, or as text.

The text is CSV or NDJSON, a line for each figure and moment.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboard.log.history.block import Rows, Value
from dashboard.log.history.downsample import Reduced

FIELDS = ("time", "host", "figure", "span", "mean", "low", "low_at", "high", "high_at", "count")
FORMATS = ("csv", "ndjson")
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# What a spreadsheet would take for a formula gets an apostrophe; numbers are no text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[Any, ...]  # the values of FIELDS


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


def head(format: str) -> str:
    """Return what a text of this format begins with."""
    return _csv_text([FIELDS]) if format == "csv" else ""


def lines_of(host: str, event: str, rows: Rows) -> Iterator[Line]:
    """Yield a line for each figure of each row.

    `time`, `low_at` and `high_at` are ISO 8601 in UTC. `span` is the seconds that a row stands for,
    0 for a sample, which has only `mean`.
    """
    for index, time in enumerate(rows.times):
        moment = _moment(time)
        for path, column in rows.columns.items():
            mean = column.mean[index]
            if mean is None:
                continue
            line = (moment, host, f"{event}.{path}", rows.span, mean)
            if not rows.span:
                yield (*line, None, None, None, None, None)
                continue
            low, high = column.low[index], column.high[index]
            low_at, high_at = (
                None if offset is None else _moment(time + offset)
                for offset in (column.low_at[index], column.high_at[index])
            )
            yield (*line, low, low_at, high, high_at, column.count[index])


def text_of(lines: Iterator[Line], format: str) -> str:
    """Return lines as text of a format, each with its line end."""
    if format == "csv":
        return _csv_text(tuple(map(_harmless, line)) for line in lines)
    encode = msgspec.json.encode
    found = ({k: v for k, v in zip(FIELDS, line, strict=True) if v is not None} for line in lines)
    return "".join(f"{encode(each).decode()}\n" for each in found)


def as_text(hosts: dict[str, dict[str, Rows]], format: str) -> bytes:
    """Return the rows of all series, by host and event name, as one text."""
    text = head(format) + "".join(
        text_of(lines_of(host, event, rows), format)
        for host, events in hosts.items()
        for event, rows in events.items()
    )
    return text.encode()


def only_figures(event: str, wanted: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return the test of a column's path by the name of its figure, EVENT.FIELD."""
    return lambda path: wanted(f"{event}.{path}")


def _csv_text(lines: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue()


def _moment(time: float) -> str:
    moment = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
