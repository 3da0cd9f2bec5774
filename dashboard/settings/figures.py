"""`[[figure]]`: what figures mean that are published."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .tables import named_tables
from .validation import DURATION, convert, invalid

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
        Annotated[float, Meta(gt=0, le=366 * 86400)] | None,
        Meta(description="the seconds between two values, such as 10 or 5m", extra=DURATION),
    ] = None
    decimals: Annotated[
        Annotated[int, Meta(ge=0, le=9)] | None, Meta(description="a whole number from 0 to 9")
    ] = None


def _row(table: dict[str, Any]) -> FigureRow:
    row = convert(table, FigureRow)
    if row.min is not None and row.max is not None and row.min >= row.max:
        raise invalid(FigureRow, "max", table, f"more than min, {row.min:g}")
    return row


FIGURES = named_tables("figure", _row)
