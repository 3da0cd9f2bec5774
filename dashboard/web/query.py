"""Query strings, read strictly: what is not understood is refused, with the key named."""

import math
import re
from collections.abc import Callable, Sequence

from werkzeug.datastructures import MultiDict

from dashboard.access.link_store import KEY
from dashboard.errors import ClientError
from dashboard.events.encoded import LOG_START
from dashboard.events.event import HOST, NAME, EventId, composed
from dashboard.events.glob import costly_stars
from dashboard.events.paths import TOLD_ELSEWHERE
from dashboard.events.projection import FIELD, read_field
from dashboard.publications import FAMILY_NAMES
from dashboard.settings import HOST_ALLOWED, HOSTS_PATTERN, parse_duration

MOST_ITEMS = 100
MOST_FIELDS = 50
MOST_STARS = 20  # each is looked for in each host's name, on the event loop
HOSTS = re.compile(HOSTS_PATTERN)
_COLUMN = re.compile(rf"{NAME.pattern}|{FIELD.pattern}")
_NO_OTHERS = FAMILY_NAMES | TOLD_ELSEWHERE | {"screen"}  # never among those that a reader asks for
# Where a stream goes on, the newest first: what an EventSource that can't send the header appends
# (event-source-polyfill and its kin), then what a page has written into its URL.
POSITIONS = ("lastEventId", "lastEventID", "last_event_id")
# Keys that caches, polyfills and trackers append to whatever URL they see.
_APPENDED = re.compile(
    r"_|t|r|utm_[a-z_]{1,30}|_g[al]|[a-z]{0,3}clid|[gw]braid|mc_[ce]id|heartbeatTimeout"
)


class Query:
    """The query of one request. Every method raises ClientError(400) for a value it can't take."""

    def __init__(self, args: MultiDict[str, str], allowed: Sequence[str]) -> None:
        """Raises ClientError(400) for a key that is not allowed or is given twice.

        The key of a signed link may stand in any query; `Access` has seen to it. Keys that others
        append are passed over, unless they are allowed.
        """
        for key, values in args.lists():
            if key not in allowed and key != KEY:
                if _APPENDED.fullmatch(key):
                    continue
                known = ", ".join(allowed) or "none"
                raise ClientError(400, f"unknown query key {key!r}; allowed: {known}", key=key)
            if len(values) > 1:
                raise ClientError(400, f"query key {key!r} is given {len(values)} times", key=key)
        self._args = args

    def text(self, key: str) -> str | None:
        """The value as it is; None where the key is missing."""
        return self._args.get(key)

    def names(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of event names."""
        return self._list(key, NAME, "event names: a-z, then a-z, 0-9, '_', '.' or '-', at most 64")

    def hosts(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of host names, or patterns of them."""
        allowed = f"host names: {HOST_ALLOWED}; '*' stands for any run of characters"
        found = self._list(key, HOSTS, allowed, read=composed)
        stars = costly_stars(found or ())
        if stars > MOST_STARS:
            detail = f"{key}: {stars} '*' elsewhere than alone at one end; at most {MOST_STARS}"
            raise ClientError(400, detail, key=key)
        return found

    def fields(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of fields of events."""
        allowed = "fields as event.field or event.field.key, such as cpu.percent"
        return self._list(key, FIELD, allowed, most=MOST_FIELDS, read=read_field)

    def columns(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of events, or of fields of events."""
        allowed = "figures as event.field, or event for all of its figures"
        return self._list(key, _COLUMN, allowed, read=read_field)

    def host(self, key: str) -> str | None:
        """One host name."""
        text = self._args.get(key)
        if text is not None and not HOST.fullmatch(text):
            raise ClientError(
                400, f"{key}={text!r}: wanted is a host name: {HOST_ALLOWED}", key=key
            )
        return None if text is None else composed(text)

    def number(self, key: str, low: float, high: float) -> float | None:
        """A decimal number from `low` to `high`."""
        text = self._args.get(key)
        if text is None:
            return None
        value = float(text) if re.fullmatch(r"\d{1,10}(\.\d{1,20})?", text, re.ASCII) else math.nan
        if not low <= value <= high:
            raise ClientError(
                400, f"{key}={text!r}: allowed is a number from {low:g} to {high:g}", key=key
            )
        return value

    def duration(self, key: str, high: float, low: float = 0.0) -> float | None:
        """Return the seconds of a duration such as 6h or 30d; None where the key is missing."""
        text = self._args.get(key)
        try:
            seconds = None if text is None else parse_duration(text)
        except ValueError:
            seconds = math.inf
        if seconds is not None and not low <= seconds <= high:
            allowed = f"a duration such as 90s, 6h or 30d, from {low:g}s to {high / 86400:g}d"
            raise ClientError(400, f"{key}={text!r}: allowed is {allowed}", key=key)
        return seconds

    def whole_number(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`; None where the key is missing."""
        number = self.number(key, low, high)
        if number is not None and number != int(number):
            raise ClientError(400, f"{key}={number:g}: a whole number is wanted", key=key)
        return None if number is None else int(number)

    def one_of(self, key: str, allowed: Sequence[str]) -> str | None:
        """Return one of some words; None where the key is missing."""
        text = self._args.get(key)
        if text is not None and text not in allowed:
            raise ClientError(400, f"{key}={text!r}: allowed is {' or '.join(allowed)}", key=key)
        return text

    def flag(self, key: str) -> bool:
        """1 for yes, 0 for no, as for a key that is missing."""
        text = self._args.get(key, "0")
        if text not in ("0", "1"):
            raise ClientError(400, f"{key}={text!r}: allowed are 0 and 1", key=key)
        return text == "1"

    def others(self) -> frozenset[str] | None:
        """Return the names that are told elsewhere, where the key asks for all others."""
        return _NO_OTHERS if self.flag("others") else None

    def position(self, header: str | None) -> EventId | None:
        """Return the id that a stream goes on after, or None to begin with the newest events.

        `header` is Last-Event-ID, which goes before the query: a browser sends it as it reconnects.
        LOG_START stands for an id that this service never gave, or an empty one: the stream then
        says `gap` and goes on, as EventSource never comes back after any status but 200.
        """
        texts = [header, *(self._args.get(key) for key in POSITIONS)]
        given = [text for text in texts if text is not None]
        text = next(filter(None, given), "")
        try:
            return EventId.parse(text) if given else None
        except ValueError:
            return LOG_START

    def _list(
        self,
        key: str,
        pattern: re.Pattern[str],
        allowed: str,
        *,
        most: int = MOST_ITEMS,
        read: Callable[[str], str] = str,
    ) -> frozenset[str] | None:
        """Return the items of a list that match a pattern, each as `read` makes it."""
        text = self._args.get(key)
        if text is None:
            return None
        items = text.split(",")
        for item in items:
            if not pattern.fullmatch(item):
                raise ClientError(
                    400, f"{key}: {item!r} is not allowed; wanted are {allowed}", key=key
                )
        if len(items) > most:
            raise ClientError(400, f"{key}: {len(items)} items; at most {most}", key=key)
        return frozenset(map(read, items))
