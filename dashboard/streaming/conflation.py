"""Conflation (`every=N`): the periods at whose ends the newest of each host and name is sent. Pure.

Periods are told by the events' own times. They lie on one of eight grids, by the moment in which a
stream came: its first one ends between N and an eighth more from then.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dashboard.events.encoded import Encoded, id_of
from dashboard.events.event import EventId

_OFFSETS = 8


@dataclass(frozen=True, slots=True)
class ConflationWindow:
    """Periods of `every` seconds, the window of one offset of eight."""

    every: float
    offset: int

    def end(self, time: float) -> float:
        """Where the period that a time falls in ends; both are seconds since 1970."""
        start = self.offset * self.every / _OFFSETS
        end = start + (math.floor((time - start) / self.every) + 1) * self.every
        return end if end > time else end + self.every  # no sum is exact


def first_window(every: float, now: float) -> tuple[ConflationWindow, float]:
    """The window of a stream that comes now, and the end of its first period."""
    slot = math.ceil(now / (every / _OFFSETS))
    window = ConflationWindow(every, slot % _OFFSETS)
    # Round now up to the next offset boundary, then end one full window later; pass the midpoint
    # so that no float error can pick a neighbour.
    return window, window.end(slot * every / _OFFSETS + every / 2)


def conflate(
    events: Iterable[Encoded], every: float, time_of: Callable[[EventId], float]
) -> list[Encoded]:
    """Return of a stretch of the log the newest of each period, host and name, in id order.

    `time_of` returns when an event was appended, in seconds since 1970.
    """
    newest: dict[tuple[int, str, str | None], Encoded] = {}
    for encoded in events:
        period = math.floor(time_of(id_of(encoded)) / every)
        newest[period, encoded.event.host, encoded.event.name] = encoded
    return sorted(newest.values(), key=id_of)
