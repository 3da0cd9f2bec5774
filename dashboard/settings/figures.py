"""`[[figure]]`: what figures mean that are published."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .durations import parse_duration
from .tables import named_tables
from .validation import InvalidField, convert, invalid

# An event's name without dots, then a path through its data; `*` is each item of a list.
FIGURE_PATTERN = r"[a-z][a-z0-9_-]{0,63}\.[^\x00-\x1f\x7f]{1,256}"
_LIMIT = "a number"
_Number = Annotated[float | None, Meta(description=_LIMIT)]


class FigureRow(msgspec.Struct, frozen=True, kw_only=True):
    """A figure `EVENT.FIELD` and what is said of it; None is left to its name and its values."""

    name: Annotated[
        str, Meta(pattern=f"^{FIGURE_PATTERN}\\Z", description="EVENT.FIELD, such as queue.length")
    ]
    title: Annotated[
        Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,64}\Z")] | None,
        Meta(description="1 to 64 characters on one line"),
    ] = None
    unit: Annotated[
        Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,16}\Z")] | None,
        Meta(description="at most 16 characters, such as %, B, B/s, s or ms"),
    ] = None
    min: _Number = None
    max: _Number = None
    every: Annotated[
        float | str | None, Meta(description="the seconds between two values, such as 10 or 5m")
    ] = None
    decimals: Annotated[
        Annotated[int, Meta(ge=0, le=9)] | None, Meta(description="a whole number from 0 to 9")
    ] = None

    @property
    def seconds(self) -> float | None:
        """Seconds between two values, as far as they are said."""
        return None if self.every is None else parse_duration(str(self.every))


def _row(table: dict[str, Any]) -> FigureRow:
    row = convert(table, FigureRow)
    if row.min is not None and row.max is not None and row.min >= row.max:
        raise InvalidField("max", f"max={row.max:g}: allowed is more than min, {row.min:g}")
    try:
        is_time = row.seconds is None or 0 < row.seconds <= 366 * 86400
    except ValueError:
        is_time = False
    if not is_time:
        raise invalid(FigureRow, "every", table)
    return row


FIGURES = named_tables("figure", _row)
