"""The entries of a Redis stream as the events of a log."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from dashboard.events.event import Event, EventId

_AT_ONCE = 200  # events that are decoded before others get their turn


def id_of_entry(entry: Any) -> EventId:
    """The id of one entry."""
    ms, _, sequence = entry[0].partition(b"-")
    return EventId(int(ms), int(sequence))


def first_id(entries: Any) -> EventId | None:
    """The id of the first entry, None if there is none."""
    return id_of_entry(entries[0]) if entries else None


def decode_in_turns(entries: Sequence[Any]) -> Iterator[Event]:
    """The same for many, a few at a time: others get their turn in between."""
    for at in range(0, len(entries), _AT_ONCE):
        if at:
            time.sleep(0)
        yield from decode(entries[at : at + _AT_ONCE])


def decode(entries: Any) -> list[Event]:
    """The events of a stream's entries. Those that somebody else has put there are none."""
    found = []
    for entry in entries:
        try:
            h, host, n, name, d, data = entry[1]
            if (h, n, d) != (b"h", b"n", b"d"):
                continue
            found.append(
                Event(host.decode(), name.decode() or None, data.decode(), id_of_entry(entry))
            )
        except ValueError:
            continue
    return found
