"""Counters to rates per second.

The kernel counts since boot; a rate is the difference of two readings over the time between them.
Six things can make such a difference lie, and each gives no rate rather than a wrong one:

- a key (a disk, an interface, a process) seen for the first time has nothing to be compared with;
- a counter that went down was reset, wrapped, or belongs to a new thing under an old name, and
  then none of that key's counters can be trusted for this step;
- a counter that fell, stands still there and then is beyond where it was had not counted at all
  (0 for one reading): the rate is that over the whole time;
- a rate that no hardware has is a counter that leapt;
- a clock that stood still or went back measures no time: the next reading starts afresh;
- a step under 10 ms is shorter than the kernel's own tick: the earlier reading is kept, so that
  the next one measures over the whole time.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from dashboard.metrics.family import Clock

Key = TypeVar("Key", bound=Hashable)
Counters = tuple[float, ...]

SHORTEST_STEP = 0.01
HIGHEST_RATE = float(1 << 50)  # per second: a thousand times what a machine can move
_DIP_SECONDS = 10.0


class _Dip(NamedTuple):
    """Counters before they fell, and when they were read."""

    time: float
    counters: Counters


class Rates(Generic[Key]):
    """Keeps the last counters of each key, and turns the next ones into rates per second.

    `jitter` is how far a counter may go down and still be the same counter; its rate is negative.
    """

    def __init__(self, clock: Clock, *, jitter: float = 0) -> None:
        self._clock = clock
        self._jitter = jitter
        self.time: float | None = None  # of the last counters
        self._counters: Mapping[Key, Counters] = {}
        self._dips: dict[Key, _Dip] = {}

    def prime(self, read: Callable[[], Mapping[Key, Counters]]) -> None:
        """Take the first counters, so that the next `update` has rates. Never raises.

        An error of `read` comes again in the family's first reading, where it is reported.
        """
        try:
            self.update(read())
        except Exception:
            pass

    def update(self, counters: Mapping[Key, Counters]) -> dict[Key, Counters]:
        """Return the rates, in units per second, of those keys that have them, in the order given.

        Call it as soon as the counters are read, because the time between calls is the divisor.
        """
        now = self._clock()
        step = None if self.time is None else now - self.time
        if step is not None and 0 < step < SHORTEST_STEP:
            return {}
        earlier, self._counters, self.time = self._counters, counters, now
        if step is None or step <= 0:
            self._dips = {}
            return {}
        dips, self._dips = self._dips, {}
        rates = {}
        for key, after in counters.items():
            before, dip = earlier.get(key), dips.get(key)
            if before is None or len(before) != len(after):
                continue
            if dip is None and after == before:  # as most of many do, so it takes no division
                rates[key] = (0.0,) * len(after)
                continue
            seconds = step
            if self._fell(before, after):
                self._dips[key] = dip or _Dip(now - step, before)
                continue
            if dip is not None and len(dip.counters) == len(after):
                if not self._fell(dip.counters, after):
                    before, seconds = dip.counters, now - dip.time
                elif after == before and now - dip.time <= max(_DIP_SECONDS, 2 * step):
                    self._dips[key] = dip
                    continue
            rate = tuple((a - b) / seconds for a, b in zip(after, before, strict=True))
            if max(rate, default=0.0) <= HIGHEST_RATE:
                rates[key] = rate
        return rates

    def _fell(self, before: Counters, after: Counters) -> bool:
        if len(after) == 1:  # as most have it
            return before[0] - after[0] > self._jitter
        return any(b - a > self._jitter for a, b in zip(after, before, strict=True))


def percent(part: float, whole: float) -> float | None:
    """Return `part` of `whole` as a percentage of 0 to 100 with one decimal; None of nothing."""
    return round(min(100.0, max(0.0, 100.0 * part / whole)), 1) if whole > 0 else None


def total(rates: Iterable[float]) -> float | None:
    """Return the sum with one decimal; None where nothing has a rate: 0 is always measured."""
    found = tuple(rates)
    return round(sum(found), 1) if found else None


def named(names: Sequence[str], rates: Counters | None) -> dict[str, float | None]:
    """Return rates by name, with one decimal; None each where there are none."""
    if rates is None:
        return dict.fromkeys(names)
    return {name: round(rate, 1) for name, rate in zip(names, rates, strict=False)}
