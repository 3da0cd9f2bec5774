"""Query strings, read strictly: what is not understood is refused, with the key named."""

import math
import re
from collections.abc import Sequence

from werkzeug.datastructures import MultiDict

from dashboard.access import KEY
from dashboard.event import HOST, NAME
from dashboard.web.problem import Problem

MOST_ITEMS = 100


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
        """A comma-separated list of host names."""
        return self._list(key, HOST, "host names: letters, digits, '.', '_' and '-', at most 253")

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

    def _list(self, key: str, pattern: re.Pattern[str], allowed: str) -> frozenset[str] | None:
        text = self._args.get(key)
        if text is None:
            return None
        items = text.split(",")
        for item in items:
            if not pattern.fullmatch(item):
                raise Problem(400, f"{key}: {item!r} is not allowed; wanted are {allowed}", key=key)
        if len(items) > MOST_ITEMS:
            raise Problem(400, f"{key}: {len(items)} items; at most {MOST_ITEMS}", key=key)
        return frozenset(items)
