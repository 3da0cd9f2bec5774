"""A clock for what is to be deleted, which does not believe a jump ahead at once."""

import time
from collections.abc import Callable

JUMP = 3600.0  # seconds that a clock may gain at once
PATIENCE = 60.0  # seconds that a clock has to stay ahead to be believed


class SteadyClock:
    """Goes on as before for a minute where the clock has gained more than an hour.

    So nothing is thrown away because a clock was ahead for a moment.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._base = clock(), monotonic()
        self._jumped_at: float | None = None

    def __call__(self) -> float:
        """Return seconds since 1970."""
        now, ticks = self._clock(), self._monotonic()
        expected = self._base[0] + ticks - self._base[1]
        if now - expected > JUMP:
            if self._jumped_at is None:
                self._jumped_at = ticks
            if ticks - self._jumped_at < PATIENCE:
                return expected
        self._jumped_at = None
        self._base = now, ticks
        return now
