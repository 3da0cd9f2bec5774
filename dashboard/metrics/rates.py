"""Counters to rates per second.

The kernel counts since boot; a rate is the difference of two readings over the time between them.
Four things can make such a difference lie, and each gives no rate rather than a wrong one:

- a key (a disk, an interface, a process) seen for the first time has nothing to be compared with;
- a counter that went down was reset, wrapped, or belongs to a new thing under an old name, and
  then none of that key's counters can be trusted for this step;
- a clock that stood still or went back measures no time: the next reading starts afresh;
- a step under 10 ms is shorter than the kernel's own tick: the earlier reading is kept, so that
  the next one measures over the whole time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from dashboard.metrics.family import Clock

Key = TypeVar("Key", bound=Hashable)
Counters = tuple[float, ...]

SHORTEST_STEP = 0.01


class Rates(Generic[Key]):
    """Keeps the last counters of each key, and turns the next ones into rates per second.

    `jitter` is how far a counter may go down and still be the same counter that stood still.
    """

    def __init__(self, clock: Clock, *, jitter: float = 0) -> None:
        self._clock = clock
        self._jitter = jitter
        self._time: float | None = None
        self._counters: Mapping[Key, Counters] = {}

    def prime(self, read: Callable[[], Mapping[Key, Counters]]) -> None:
        """Takes the first counters, so that the next `update` has rates.

        A reader comes into being even where it can't read: whatever is wrong here is met again
        by its first reading, which has somebody to tell.
        """
        try:
            self.update(read())
        except Exception:
            pass

    def update(self, counters: Mapping[Key, Counters]) -> dict[Key, Counters]:
        """The rates, in units per second, of those keys that have them, in the order given.

        Call it as soon as the counters are read, because the time between calls is the divisor.
        """
        now = self._clock()
        step = None if self._time is None else now - self._time
        if step is not None and 0 < step < SHORTEST_STEP:
            return {}
        earlier, self._counters, self._time = self._counters, counters, now
        if step is None or step <= 0:
            return {}
        rates = {}
        for key, after in counters.items():
            before = earlier.get(key)
            if before is None or len(before) != len(after):
                continue
            if any(b - a > self._jitter for a, b in zip(after, before, strict=True)):
                continue
            rates[key] = tuple(max(0.0, (a - b) / step) for a, b in zip(after, before, strict=True))
        return rates


def percent(part: float, whole: float) -> float | None:
    """`part` of `whole` as a percentage within 0 to 100, with one decimal; None of nothing."""
    return round(min(100.0, max(0.0, 100.0 * part / whole)), 1) if whole > 0 else None


def total(rates: Iterable[float]) -> float | None:
    """The sum with one decimal; None where nothing has a rate, so that 0 is always measured."""
    found = tuple(rates)
    return round(sum(found), 1) if found else None
