"""Rows of the history as text: CSV or NDJSON, a line for each figure and moment."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from dashboard.history.block import Rows

FIELDS = ("time", "host", "figure", "span", "mean", "low", "low_at", "high", "high_at", "count")
FORMATS = ("csv", "ndjson")
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# What a spreadsheet would take for a formula gets an apostrophe; numbers are no text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Line = tuple[Any, ...]  # the values of FIELDS


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
