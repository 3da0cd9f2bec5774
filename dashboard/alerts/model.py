"""An alert, as one event `alert` of the log tells of it.

The machine's own come from rules. Others may publish theirs; what they leave out has a default, and
`rule` stays empty.
"""

import math
from itertools import islice
from typing import Literal

import msgspec

from dashboard.events.event import Event, fields
from dashboard.events.paths import ALERT
from dashboard.settings import Level

EVENT = ALERT
MOST_NAME = 300  # characters; mount points are part of names

State = Literal["raised", "still", "cleared"]


class Culprit(msgspec.Struct, frozen=True, kw_only=True):
    """A program that took much, on average: % of one core, B of memory, or B/s of disks.

    `runs_in` is the service, scope or container that it belongs to, where it is in one.
    """

    name: str
    value: float
    unit: str
    runs_in: str | msgspec.UnsetType = msgspec.UNSET


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an alert at a moment; times are seconds since 1970.

    `alert` is the rule's name, and behind a colon the item that it is about, where the rule is
    about several. `metric_family` (the key `event` in JSON) is the name of the events whose figures
    it is about. `value` is null where there is no number for it; `worst` was farthest beyond the
    limit, and is left out while it is the value. `culprits` are the programs that took most, empty
    for as long as they are not known yet. `last` is only in alerts about what has not come: when it
    came last, null for never.
    """

    host: str
    time: float
    alert: str
    rule: str = ""
    judge: str | msgspec.UnsetType = msgspec.UNSET
    level: Level = "warning"
    state: State
    metric_family: str = msgspec.field(name="event", default="")
    value: float | None = None
    worst: float | msgspec.UnsetType = msgspec.UNSET
    threshold: float | None = None
    since: float | None = None
    message: str = ""
    culprits: tuple[Culprit, ...] | msgspec.UnsetType = msgspec.UNSET
    last: float | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def is_open(self) -> bool:
        """Whether it has not ended with this."""
        return self.state != "cleared"

    @property
    def teller(self) -> str:
        """Return the machine that sends it out."""
        return self.host if isinstance(self.judge, msgspec.UnsetType) else self.judge

    @property
    def began(self) -> float:
        """Since when it has been so."""
        return self.time if self.since is None else self.since

    def event(self) -> Event:
        """The event that tells of it."""
        return Event(self.host, EVENT, msgspec.json.encode(self).decode())


def decode_alert(event: Event) -> Alert | None:
    """Return the alert in an alert event; None for another event or malformed data."""
    alert = fields(event.data, _DECODER) if event.name == EVENT else None
    if alert is None or alert.host != event.host or not 0 < len(alert.alert) <= MOST_NAME:
        return None
    return alert


def finite(value: float) -> float | None:
    """A number as JSON has it."""
    return value if math.isfinite(value) else None


def duration(seconds: float) -> str:
    """A length of time for people: its two largest units."""
    whole = max(0, round(seconds))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, whole = divmod(whole, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(islice(parts, 2)) or f"{seconds:.2g} s"


_DECODER = msgspec.json.Decoder(Alert)
