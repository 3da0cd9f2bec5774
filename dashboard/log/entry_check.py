"""Telling events from what another program has put into a log.

Whoever may write a log's file or server may write there what is no event: no JSON, a newline in a
name, nesting without end. A reader skips such an entry; each is counted and reported once in a
process, however often it is read.
"""

import logging
import reprlib
from collections import deque
from functools import lru_cache

import msgspec

from dashboard.events.event import HOST, NAME, PROTOCOL_NAMES, Event, EventId, fields

logger = logging.getLogger(__name__)

MOST_DATA = 1 << 20  # characters
_MOST_KNOWN = 10_000  # entries that are known to have been counted
_LONGEST_KIND = 320  # characters of a host and a name
_LONGEST_ID = 999_999_999_999_999  # of ids' milliseconds, which have 15 digits at most

_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


class EntryCheck:
    """The entries of one log that are none. Threads may share it."""

    def __init__(self, where: str) -> None:
        """`where` is the log's name, for operators."""
        self.skipped = 0
        self._where = where
        self._known: set[object] = set()
        self._order: deque[object] = deque()

    def event(self, host: object, name: object, data: object, event_id: EventId) -> Event | None:
        """Make the event of an entry, whose empty name is none; None if it is no event."""
        wrong = _fault(host, name, data, event_id)
        if wrong is not None:
            self.skip(event_id, wrong)
            return None
        return Event(host, name or None, data, event_id)  # type: ignore[arg-type]

    def skip(self, entry: object, fault: str) -> None:
        """Count an entry, by what it is known by, unless that was done before."""
        if entry in self._known:
            return
        self._known.add(entry)
        self._order.append(entry)
        if len(self._order) > _MOST_KNOWN:
            self._known.discard(self._order.popleft())
        self.skipped += 1
        # The first of a flood, then every thousandth.
        if self.skipped % 1000 == 1:
            logger.warning(
                "%s: entry %s is no event of Vitals (%s) and is skipped; %d so far",
                self._where,
                entry,
                fault,
                self.skipped,
            )


def _fault_of_kind(host: str, name: object) -> str | None:
    if not HOST.fullmatch(host):
        return f"host={reprlib.repr(host)}"
    if name != "" and (
        not isinstance(name, str) or not NAME.fullmatch(name) or name in PROTOCOL_NAMES
    ):
        return f"name={reprlib.repr(name)}"
    return None


_known_fault_of_kind = lru_cache(maxsize=4096)(_fault_of_kind)


def _fault(host: object, name: object, data: object, event_id: EventId) -> str | None:
    """Say what is wrong with an entry; None for an event."""
    if not 0 <= event_id.ms <= _LONGEST_ID:
        return "an id that is no time"
    if not isinstance(host, str):
        return f"host={reprlib.repr(host)}"
    is_short = len(host) + len(str(name)) <= _LONGEST_KIND  # of others nothing is kept
    wrong = (_known_fault_of_kind if is_short else _fault_of_kind)(host, name)
    if wrong is not None:
        return wrong
    if not isinstance(data, str) or len(data) > MOST_DATA or fields(data, _OBJECT) is None:
        return "its data is no JSON object"
    return None
