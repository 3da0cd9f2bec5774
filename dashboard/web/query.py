"""Query strings, read strictly: what is not understood is refused, with the key named."""

import math
import re
from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from dashboard.access.credentials import KEY
from dashboard.events.event import HOST, NAME
from dashboard.events.projection import FIELD
from dashboard.web.problem import Problem

MOST_ITEMS = 100
MOST_FIELDS = 50
# A host's name, in which a star may stand anywhere for any run of characters.
HOSTS = re.compile(r"[A-Za-z0-9*](?:[A-Za-z0-9._*-]{0,251}[A-Za-z0-9*])?")
_HOST_ALLOWED = "letters, digits, '.', '_' and '-', at most 253"


class Query:
    """The query of one request. Every method raises Problem(400) for a value it can't take."""

    def __init__(self, args: MultiDict[str, str], allowed: Sequence[str]) -> None:
        """Raises Problem(400) for a key that is not allowed or is given twice.

        The key of a signed link may stand in any query; `Access` has seen to it.
        """
        for key, values in args.lists():
            if key not in allowed and key != KEY:
                known = ", ".join(allowed) or "none"
                raise Problem(400, f"unknown query key {key!r}; allowed: {known}", key=key)
            if len(values) > 1:
                raise Problem(400, f"query key {key!r} is given {len(values)} times", key=key)
        self._args = args

    def text(self, key: str) -> str | None:
        """The value as it is; None where the key is missing."""
        return self._args.get(key)

    def names(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of event names."""
        return self._list(key, NAME, "event names: a-z, then a-z, 0-9, '_', '.' or '-', at most 64")

    def hosts(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of host names, or patterns of them."""
        return self._list(
            key,
            HOSTS,
            f"host names: {_HOST_ALLOWED}; '*' stands for any run of characters",
        )

    def fields(self, key: str) -> frozenset[str] | None:
        """A comma-separated list of fields of events."""
        allowed = "fields as event.field or event.field.key, such as cpu.percent"
        return self._list(key, FIELD, allowed, most=MOST_FIELDS)

    def host(self, key: str) -> str | None:
        """One host name."""
        text = self._args.get(key)
        if text is not None and not HOST.fullmatch(text):
            raise Problem(400, f"{key}={text!r}: wanted is a host name: {_HOST_ALLOWED}", key=key)
        return text

    def number(self, key: str, low: float, high: float) -> float | None:
        """A decimal number from `low` to `high`."""
        text = self._args.get(key)
        if text is None:
            return None
        value = float(text) if re.fullmatch(r"\d{1,10}(\.\d{1,20})?", text, re.ASCII) else math.nan
        if not low <= value <= high:
            raise Problem(
                400, f"{key}={text!r}: allowed is a number from {low:g} to {high:g}", key=key
            )
        return value

    def flag(self, key: str) -> bool:
        """1 for yes, 0 for no, as for a key that is missing."""
        text = self._args.get(key, "0")
        if text not in ("0", "1"):
            raise Problem(400, f"{key}={text!r}: allowed are 0 and 1", key=key)
        return text == "1"

    def _list(
        self, key: str, pattern: re.Pattern[str], allowed: str, *, most: int = MOST_ITEMS
    ) -> frozenset[str] | None:
        text = self._args.get(key)
        if text is None:
            return None
        items = text.split(",")
        for item in items:
            if not pattern.fullmatch(item):
                raise Problem(400, f"{key}: {item!r} is not allowed; wanted are {allowed}", key=key)
        if len(items) > most:
            raise Problem(400, f"{key}: {len(items)} items; at most {most}", key=key)
        return frozenset(items)
