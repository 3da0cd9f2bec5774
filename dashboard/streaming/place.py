"""A stream's place: one of those that a worker has, and in a feed once it follows one."""

from dashboard.streaming.feed import Follower
from dashboard.streaming.hub import Hub


class Place:
    """What every stream holds of the hub; `close` gives it back, even if the stream never began.

    The place itself was taken from the hub's `admission` before.
    """

    def __init__(self, hub: Hub, address: str) -> None:
        """`address` is the one under which the place was taken."""
        self._hub = hub
        self._address = address
        self._follower: Follower | None = None
        self._holds_place = True

    def close(self) -> None:
        """Leave the feed and make room for another stream."""
        if self._follower is not None:
            self._hub.leave(self._follower)
            self._follower = None
        if self._holds_place:
            self._holds_place = False
            self._hub.admission.release(self._address)

    def _count_end(self) -> None:
        """Count a stream that ends though nobody has left and nobody lags."""
        self._hub.admission.count_dropped("stopping" if self._hub.stopping else "expired")
