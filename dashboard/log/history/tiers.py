"""The tiers of the history, from fine to coarse."""

from typing import NamedTuple


class Tier(NamedTuple):
    """Rows of `span` seconds (0.0: samples as they came), kept in windows of `window` seconds."""

    number: int
    name: str
    span: float
    window: float


SECONDS = Tier(0, "seconds", 0.0, 600.0)
MINUTES = Tier(1, "minutes", 60.0, 86_400.0)
HOURS = Tier(2, "hours", 3600.0, 30 * 86_400.0)
TIERS = (SECONDS, MINUTES, HOURS)
