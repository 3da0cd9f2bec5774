"""A sample: metrics of one family at one time."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Sample(NamedTuple):
    """The figures of one family at a time (seconds since 1970)."""

    family: str
    time: float
    figures: Mapping[str, Any]
