"""`[notify]` and `[notify.NAME]`: where alerts are sent, when not, and how many."""

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .durations import UNITS
from .fields import LEVELS
from .patterns import NAME_ALLOWED, NAME_PATTERN
from .tables import WrongTable, check_keys, table_of
from .types import Kind

_CLOCK = r"([01]?\d|2[0-3])(?::([0-5]\d))?"
_QUIET = re.compile(rf"{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
_RATE = re.compile(r"([1-9]\d{0,3})\s*/\s*([smhd])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where alerts are sent: apprise's URLs, which may hold passwords.

    `quiet` is a stretch of the day as minutes since midnight, by the machine's clock; `rate` is so
    many messages in so many seconds for each URL. `receivers` are those of `[notify.NAME]`.
    """

    urls: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None
    rate: tuple[int, float] = (10, 3600.0)
    levels: tuple[str, ...] = LEVELS
    name: str = ""
    receivers: tuple["Notify", ...] = ()


def _notify(text: str) -> Notify:
    whole = table_of(text)
    tables = {key: value for key, value in whole.items() if isinstance(value, dict)}
    receivers = []
    for name, table in tables.items():
        if not re.fullmatch(NAME_PATTERN, name):
            raise WrongTable(f"[notify.{reprlib.repr(name)}]: allowed are {NAME_ALLOWED}")
        try:
            receivers.append(replace(_receiver(table), name=name))
        except WrongTable as error:
            raise WrongTable(f"[notify.{name}]: {error}") from None
    rest = {key: value for key, value in whole.items() if key not in tables}
    return replace(_receiver(rest), receivers=tuple(receivers))


def _receiver(table: dict[str, Any]) -> Notify:
    check_keys(table, ("urls", "quiet", "rate", "levels"))
    urls = table.get("urls", [])
    if not isinstance(urls, list) or len(urls) > 20:
        raise WrongTable("urls: allowed is a list of at most 20 URLs")
    for number, url in enumerate(urls, start=1):  # not shown, as it may hold a password
        if not isinstance(url, str) or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s\x00]+", url):
            raise WrongTable(f"urls: number {number} (not shown): allowed are URLs of apprise")
    quiet, rate = table.get("quiet"), table.get("rate")
    hours = hours_of_day(str(quiet))
    if quiet is not None and hours is None:
        raise WrongTable(f"quiet={quiet!r}: allowed are hours such as 22-07 or 22:30-06:45")
    times = _RATE.fullmatch(str(rate).strip())
    if rate is not None and times is None:
        raise WrongTable(f"rate={rate!r}: allowed is a number of messages per s, m, h or d: 10/h")
    levels = table.get("levels", list(LEVELS))
    if not isinstance(levels, list) or not levels or not set(map(str, levels)) <= set(LEVELS):
        raise WrongTable(f"levels={levels!r}: allowed is a list of some of {', '.join(LEVELS)}")
    return Notify(
        levels=tuple(levels),
        urls=tuple(dict.fromkeys(urls)),
        quiet=hours,
        rate=(int(times[1]), UNITS[times[2]]) if times else Notify().rate,
    )


def check_routes(routes: Mapping[str, tuple[str, ...]], notify: Notify) -> None:
    """Raise WrongTable for a rule that names a receiver that is none."""
    there = [receiver.name for receiver in notify.receivers]
    for rule, names in routes.items():
        for name in names:
            if name not in there:
                raise WrongTable(
                    f"rule {rule!r}: notify={name!r}: allowed are the names of tables "
                    f"[notify.NAME]; there are {', '.join(there) or 'none'}"
                )


def hours_of_day(text: str) -> tuple[int, int] | None:
    """Return a stretch of the day as minutes since midnight; None for another text."""
    match = _QUIET.fullmatch(text.strip())
    return match and (_minute(match[1], match[2]), _minute(match[3], match[4]))


def _minute(hour: str, minute: str | None) -> int:
    return int(hour) * 60 + int(minute or 0)


NOTIFY = Kind(_notify, "a table [notify]", none=Notify())
