"""The stretch of time that a query of /history names."""

import re
from datetime import UTC, datetime

from dashboard.errors import ClientError
from dashboard.log.history.query import Stretch
from dashboard.web.query import Query

DEFAULT_SECONDS = 300.0
DEFAULT_POINTS = 600
MOST_SECONDS = 3660 * 86400.0  # ten years
FEWEST_POINTS, MOST_POINTS = 10, 20_000


def read_question(query: Query, now: float) -> Stretch:
    """Return the stretch of `since`, or of `from` and `to`, with its `points`.

    Raises ClientError(400).
    """
    points = query.whole_number("points", FEWEST_POINTS, MOST_POINTS) or DEFAULT_POINTS
    first, end = read_moment(query, "from"), read_moment(query, "to")
    since = query.duration("since", MOST_SECONDS, low=1)
    if first is None and end is None:
        return Stretch(now - (since or DEFAULT_SECONDS), now, points, is_open=True)
    if since is not None and first is not None:
        raise ClientError(400, "since and from: give one of them", key="since")
    end = now if end is None else min(end, now)
    first = end - (since or DEFAULT_SECONDS) if first is None else first
    if not 1 <= end - first <= MOST_SECONDS:
        detail = "from has to be before to (and before now), by one second to ten years"
        raise ClientError(400, detail, key="from")
    return Stretch(first, end, points)


def read_moment(query: Query, key: str) -> float | None:
    """Return seconds since 1970, given as such or in ISO 8601 (UTC where no zone is named)."""
    text = query.text(key)
    if text is None:
        return None
    if re.fullmatch(r"\d{1,11}(\.\d{1,6})?", text, re.ASCII):
        return float(text)
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a plus sign in a query is a blank
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ClientError(
            400,
            f"{key}={text[:40]!r}: wanted are seconds since 1970, or ISO 8601 such as "
            "2026-11-20T14:00Z",
            key=key,
        ) from None
