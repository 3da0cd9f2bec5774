"""Waiting at once for what is new in Redis and for what other processes here announce."""

import select
import time
from collections.abc import Sequence
from pathlib import Path

from dashboard.events.event import Unpersisted
from dashboard.log.redis.tail import Tail
from dashboard.log.wakeup import WakeupChannel


class Waiter:
    """The one who waits for a log in Redis, as `EventLog.wait` says."""

    def __init__(self, tail: Tail, folder: Path) -> None:
        """`folder` is where the processes of this machine meet."""
        self._tail = tail
        try:
            self._wakeups: WakeupChannel | None = WakeupChannel(folder)
        except OSError:
            self._wakeups = None  # no folder, as for a command of another user: it waits for nobody

    def wait(self, timeout: float) -> list[Unpersisted]:
        """Return with what was announced, when there is any, more in the log, or time is up."""
        tail = self._tail
        deadline = time.monotonic() + timeout
        while True:
            heard, ear = self._listen()
            answer = tail.poll_fd()
            if heard:
                return heard
            left = max(0.0, deadline - time.monotonic())
            if answer is None and tail.hold_off:
                left = min(left, tail.hold_off)
            ready = _readable([fd for fd in (ear, answer) if fd is not None], left)
            is_news = answer in ready and tail.read_reply()
            if is_news or ear in ready or time.monotonic() >= deadline:
                return self._heard()

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        """Tell the other processes of this machine."""
        if self._wakeups is not None:
            self._wakeups.notify_all(unpersisted)

    def close(self) -> None:
        """Hear nothing any more."""
        if self._wakeups is not None:
            self._wakeups.close()

    def _listen(self) -> tuple[list[Unpersisted], int | None]:
        """What is announced already, and the descriptor that tells of more."""
        if self._wakeups is None:
            return [], None
        try:
            ear = self._wakeups.listen()
        except OSError:
            ear = None
        return self._heard(), ear

    def _heard(self) -> list[Unpersisted]:
        return [] if self._wakeups is None else self._wakeups.receive()


def _readable(descriptors: Sequence[int], timeout: float) -> set[int]:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return {descriptor for descriptor, _ in poller.poll(timeout * 1000)}
