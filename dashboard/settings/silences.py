"""`[[silence]]`: when alerts of some hosts and rules are not sent."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from .fields import Name
from .notify import hours_of_day
from .patterns import HOSTS_PATTERN
from .tables import named_tables
from .validation import convert

RULE_PATTERN = r"[^\x00-\x1f\x7f]{1,300}"  # a rule's name, or that of an alert; with `*`
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = re.compile(rf"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))?")


def _weekdays(text: str) -> frozenset[int]:
    """Return the numbers of some days, Monday's is 0. Raises ValueError."""
    found = set()
    for part in text.lower().split(","):
        match = _DAY.fullmatch(part.strip())
        if match is None:
            raise ValueError
        first = _DAYS.index(match[1])
        last = _DAYS.index(match[2] or match[1])
        found |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
    return frozenset(found)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A silence that comes back: on some `days` (all) in some `hours` (all), by this machine.

    Monday is 0; `hours` are two minutes since midnight. Hours that go past midnight belong to the
    day on which they begin.
    """

    name: Name
    host: Annotated[
        str, Meta(pattern=f"^{HOSTS_PATTERN}\\Z", description="a host's name, or web-*")
    ] = "*"
    rule: Annotated[
        str, Meta(pattern=f"^{RULE_PATTERN}\\Z", description="a rule's name, or disk-*")
    ] = "*"
    days: Annotated[
        frozenset[int],
        Meta(description="days such as mon-fri or sat,sun", extra={"read": _weekdays}),
    ] = frozenset(range(7))
    hours: Annotated[
        tuple[int, int],
        Meta(description="hours such as 22-07 or 22:30-06:45", extra={"read": hours_of_day}),
    ] = (0, 0)
    why: Annotated[str, Meta(max_length=500, description="at most 500 characters")] = ""

    def at(self, now: float) -> tuple[float, float] | None:
        """Return its begin and end at a moment, all in seconds since 1970; None outside of it."""
        first, last = self.hours
        today = datetime.fromtimestamp(now).date()
        for day in (today, today - timedelta(days=1)):
            if day.weekday() in self.days:
                midnight = datetime.combine(day, time())
                start = midnight + timedelta(minutes=first)
                end = midnight + timedelta(minutes=last, days=0 if first < last else 1)
                if start.timestamp() <= now < end.timestamp():
                    return start.timestamp(), end.timestamp()
        return None


WINDOWS = named_tables("silence", lambda table: convert(table, Window))
