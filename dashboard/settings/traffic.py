"""`[traffic]`: how much this machine may send and receive in a month."""

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from .tables import table_of
from .types import Kind
from .validation import convert

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_QUOTA = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*(?:([kMGTP]?)(i?)B)?", re.ASCII)


def _bytes(text: str) -> int:
    """Return the bytes of a quota. Raises ValueError."""
    match = _QUOTA.fullmatch(text.strip())
    if match is None:
        raise ValueError
    size = 1 << 10 * list(_UNITS).index(match[2]) if match[3] else _UNITS[match[2] or ""]
    return int(float(match[1]) * size)


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """A quota in bytes, None for none; the day of the month that begins anew; what counts."""

    quota: Annotated[
        Annotated[int, Meta(gt=0, le=1 << 53)] | None,
        Meta(description="bytes, such as 500GB, 1.5TB or 2TiB", extra={"read": _bytes}),
    ] = None
    resets: Annotated[int, Meta(ge=1, le=31, description="a day of the month, from 1 to 31")] = 1
    counts: Annotated[
        Literal["sent", "received", "both"], Meta(description="sent, received, both")
    ] = "both"


TRAFFIC = Kind(lambda text: convert(table_of(text), Traffic), "a table [traffic]", none=Traffic())
