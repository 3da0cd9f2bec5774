"""`[notify]`: where alerts are sent, when not, and how many."""

import re
from dataclasses import dataclass

from .durations import UNITS
from .tables import WrongTable, table_of
from .types import Kind

_CLOCK = r"([01]?\d|2[0-3])(?::([0-5]\d))?"
_QUIET = re.compile(rf"{_CLOCK}\s*-\s*{_CLOCK}", re.ASCII)
_RATE = re.compile(r"([1-9]\d{0,3})\s*/\s*([smhd])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Where alerts are sent: apprise's URLs, which may hold passwords.

    `quiet` is a stretch of the day as minutes since midnight, by the machine's clock; `rate` is so
    many messages in so many seconds for each URL.
    """

    urls: tuple[str, ...] = ()
    quiet: tuple[int, int] | None = None
    rate: tuple[int, float] = (10, 3600.0)


def _notify(text: str) -> Notify:
    table = table_of(text, ("urls", "quiet", "rate"))
    urls = table.get("urls", [])
    if not isinstance(urls, list) or len(urls) > 20:
        raise WrongTable("urls: allowed is a list of at most 20 URLs")
    for number, url in enumerate(urls, start=1):  # not shown, as it may hold a password
        if not isinstance(url, str) or not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s\x00]+", url):
            raise WrongTable(f"urls: number {number} (not shown): allowed are URLs of apprise")
    quiet, rate = table.get("quiet"), table.get("rate")
    hours = _QUIET.fullmatch(str(quiet).strip())
    if quiet is not None and hours is None:
        raise WrongTable(f"quiet={quiet!r}: allowed are hours such as 22-07 or 22:30-06:45")
    times = _RATE.fullmatch(str(rate).strip())
    if rate is not None and times is None:
        raise WrongTable(f"rate={rate!r}: allowed is a number of messages per s, m, h or d: 10/h")
    return Notify(
        urls=tuple(dict.fromkeys(urls)),
        quiet=hours and (_minute(hours[1], hours[2]), _minute(hours[3], hours[4])),
        rate=(int(times[1]), UNITS[times[2]]) if times else Notify().rate,
    )


def _minute(hour: str, minute: str | None) -> int:
    return int(hour) * 60 + int(minute or 0)


NOTIFY = Kind(_notify, "a table [notify]", none=Notify())
