"""The entries of a Redis stream as the events of a log."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.events.event import Event, EventId
from dashboard.log.entry_check import EntryCheck

_AT_ONCE = 200  # events that are decoded before others get their turn


def id_of_entry(entry: Any) -> EventId:
    """Return the id of one entry."""
    ms, _, sequence = entry[0].partition(b"-")
    return EventId(int(ms), int(sequence))


def first_id(entries: Any) -> EventId | None:
    """Return the id of the first entry, None if there is none."""
    return id_of_entry(entries[0]) if entries else None


def decode_in_turns(entries: Sequence[Any], check: EntryCheck) -> Iterator[Event]:
    """Yield the events of many entries, a few at a time: others get their turn in between."""
    for at in range(0, len(entries), _AT_ONCE):
        if at:
            time.sleep(0)
        yield from decode(entries[at : at + _AT_ONCE], check)


def decode(entries: Any, check: EntryCheck) -> list[Event]:
    """Return the events of a stream's entries, without those that `check` finds to be none."""
    found = []
    for entry in entries:
        event_id = id_of_entry(entry)
        if not entry[1] or entry[1][::2] != [b"h", b"n", b"d"]:
            check.skip(event_id, "other fields than h, n, d")
            continue
        host, name, data = (value.decode("utf-8", "surrogateescape") for value in entry[1][1::2])
        event = check.event(host, name, data, event_id)
        if event is not None:
            found.append(event)
    return found
