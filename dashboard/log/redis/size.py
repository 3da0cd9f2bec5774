"""What a log takes in its Redis server, and the bound on that."""

import time

from dashboard.log.contract import UNBOUNDED, LogUnavailable
from dashboard.log.redis.server import CommandPool, Server

_EVERY = 10.0  # seconds between two looks
_ROOM = 0.95  # of the bound is left by a trimming


class SizeBound:
    """Trims the oldest events of a log that has become too large, by its length."""

    def __init__(self, server: Server, pool: CommandPool, *, most_bytes: int) -> None:
        """`most_bytes` is what the events, and the newest of each kind, may take."""
        self._pool = pool
        self._events = server.key("events")
        self._latest = server.key("latest")
        self._most_bytes = most_bytes
        self._next_look = 0.0

    def used(self) -> int:
        """Return the bytes that the server's memory has of the log. Raises LogUnavailable."""
        used = [self._pool.call("MEMORY", "USAGE", key) for key in (self._events, self._latest)]
        return sum(number or 0 for number in used)

    def trim_if_due(self) -> None:
        """Look at the size now and then; too much of it goes from the old end."""
        now = time.monotonic()
        if self._most_bytes >= UNBOUNDED or now < self._next_look:
            return
        self._next_look = now + _EVERY
        try:
            used = self.used()
            if used > self._most_bytes:
                about = self._pool.call("XINFO", "STREAM", self._events)
                length = dict(zip(about[::2], about[1::2], strict=True))[b"length"]
                kept = int(length * self._most_bytes / used * _ROOM)
                self._pool.call("XTRIM", self._events, "MAXLEN", "~", kept)
        except LogUnavailable:
            pass  # the batch is logged already; the next look tries again
