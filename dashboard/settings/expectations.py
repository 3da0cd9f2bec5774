"""`[[expect]]`: events that have to come, and when."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from cronsim import CronSim, CronSimError
from msgspec import Meta

from .alerts import LEVELS
from .durations import parse_duration
from .patterns import NAME_ALLOWED, NAME_PATTERN
from .tables import named_tables
from .validation import InvalidField, convert, invalid

_EVENT = r"[a-z][a-z0-9_.-]{0,63}"
_LONGEST = 366 * 86400.0  # seconds
_Field = Annotated[str, Meta(min_length=1, max_length=256)]
_Value = str | bool | int | float
_Duration = Annotated[
    float | str | None, Meta(description="a duration from 1s to 366d, such as 90s, 5m or 24h")
]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has to come `every` so often, or at the times of `cron`.

    `match` has the values of the fields by which an event is the one; `grace` is the time by which
    it may be late. `notify` are the receivers, none for all.
    """

    name: Annotated[str, Meta(pattern=f"^{NAME_PATTERN}\\Z", description=NAME_ALLOWED)]
    event: Annotated[
        str, Meta(pattern=f"^{_EVENT}\\Z", description="the name of an event, such as backup")
    ]
    match: Annotated[
        dict[_Field, _Value],
        Meta(max_length=20, description="a table of at most 20 fields and their values"),
    ] = {}
    every: _Duration = None
    cron: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description='minute, hour, day, month and weekday as in a crontab: "0 3 * * *"'),
    ] = None
    grace: _Duration = 60.0
    level: Annotated[
        str, Meta(pattern=f"^(?:{'|'.join(LEVELS)})\\Z", description=", ".join(LEVELS))
    ] = "warning"
    notify: Annotated[
        tuple[str, ...], Meta(description='a list of names of [notify.NAME], such as ["oncall"]')
    ] = ()

    def due(self, last: float) -> float:
        """Return when the next has to be there at the latest; all in seconds since 1970.

        The times of `cron` are those of this machine's time zone.
        """
        late = _seconds(self.grace)
        if self.cron is None:
            return last + _seconds(self.every) + late
        return next(CronSim(self.cron, datetime.fromtimestamp(last))).timestamp() + late


def _seconds(given: float | str | None) -> float:
    return parse_duration(str(given))


def _expectation(table: dict[str, Any]) -> Expectation:
    row = convert(table, Expectation)
    if (row.every is None) == (row.cron is None):
        raise InvalidField("every", "allowed is one of `every` and `cron`")
    for key in ("every", "grace"):
        try:
            given = getattr(row, key)
            is_allowed = given is None or 1 <= _seconds(given) <= _LONGEST
        except ValueError:
            is_allowed = False
        if not is_allowed:
            raise invalid(Expectation, key, table)
    try:
        row.due(0.0)
    except (CronSimError, StopIteration):
        raise invalid(Expectation, "cron", table) from None
    return row


EXPECTATIONS = named_tables("expect", _expectation)
