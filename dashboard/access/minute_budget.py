"""An amount that each of many may use up in a minute, and that comes back over a minute. Pure."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MINUTE = 60.0
_MOST_KNOWN = 10_000  # that have used some; the one that was heard of longest ago is forgotten


class MinuteBudget:
    """What is left to each. One that has all of it left may use up more at once, and then owes."""

    def __init__(self, most: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self._monotonic = monotonic
        self._used: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # amount, and when

    def wait(self, who: Hashable, amount: float) -> float:
        """Return the seconds until somebody may use an amount; 0 for now."""
        lacking = self._used_by(who) + min(amount, self.most) - self.most
        return max(0.0, lacking * _MINUTE / self.most)

    def use(self, who: Hashable, amount: float) -> None:
        """Take an amount from what somebody has left."""
        self._used[who] = self._used_by(who) + amount, self._monotonic()
        self._used.move_to_end(who)
        if len(self._used) > _MOST_KNOWN:
            self._used.popitem(last=False)

    def _used_by(self, who: Hashable) -> float:
        amount, at = self._used.get(who, (0.0, 0.0))
        return max(0.0, amount - (self._monotonic() - at) * self.most / _MINUTE)
