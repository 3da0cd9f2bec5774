"""`[[expect]]`: events that have to come, and when."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from cronsim import CronSim, CronSimError
from msgspec import Meta

from .fields import AlertLevel, Name, Receivers
from .tables import named_tables
from .validation import DURATION, InvalidField, convert, invalid

_EVENT = r"[a-z][a-z0-9_.-]{0,63}"
_Field = Annotated[str, Meta(min_length=1, max_length=256)]
_Value = str | bool | int | float
_Seconds = Annotated[float, Meta(ge=1, le=366 * 86400)]
_DURATION = Meta(description="a duration from 1s to 366d, such as 90s, 5m or 24h", extra=DURATION)


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has to come `every` so often, or at the times of `cron`.

    `match` has the values of the fields by which an event is the one; `grace` is the time by which
    it may be late. `notify` are the receivers, none for all.
    """

    name: Name
    event: Annotated[
        str, Meta(pattern=f"^{_EVENT}\\Z", description="the name of an event, such as backup")
    ]
    match: Annotated[
        dict[_Field, _Value],
        Meta(max_length=20, description="a table of at most 20 fields and their values"),
    ] = {}
    every: Annotated[_Seconds | None, _DURATION] = None
    cron: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description='minute, hour, day, month and weekday as in a crontab: "0 3 * * *"'),
    ] = None
    grace: Annotated[_Seconds, _DURATION] = 60.0
    level: AlertLevel = "warning"
    notify: Receivers = ()

    def due(self, last: float) -> float:
        """Return when the next has to be there at the latest; all in seconds since 1970.

        The times of `cron` are those of this machine's time zone.
        """
        if self.every is not None:
            return last + self.every + self.grace
        assert self.cron is not None
        return next(CronSim(self.cron, datetime.fromtimestamp(last))).timestamp() + self.grace


def _expectation(table: dict[str, Any]) -> Expectation:
    row = convert(table, Expectation)
    if (row.every is None) == (row.cron is None):
        raise InvalidField("every", "allowed is one of `every` and `cron`")
    try:
        row.due(0.0)
    except (CronSimError, StopIteration):
        raise invalid(Expectation, "cron", table) from None
    return row


EXPECTATIONS = named_tables("expect", _expectation)
