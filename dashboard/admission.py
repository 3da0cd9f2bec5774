"""How many streams a worker holds, and why it ended those that it ended."""

from dashboard.instruments import Instruments


class Admission:
    """The places for streams. Every stream that is admitted is released once."""

    def __init__(self, most: int, instruments: Instruments) -> None:
        self.most = most
        self.streams = 0
        self._instruments = instruments

    def admit(self) -> bool:
        """Take a place for a stream; False when there is none."""
        if self.streams >= self.most:
            self.count_dropped("busy")
            return False
        self.streams += 1
        self._instruments.streams.inc()
        return True

    def has_room(self) -> bool:
        """Whether `admit` would say yes."""
        return self.streams < self.most

    def count_opened(self) -> None:
        """Count a stream that sends its first bytes."""
        self._instruments.streams_opened.inc()

    def release(self) -> None:
        """Give the place of a stream back."""
        self.streams -= 1
        self._instruments.streams.dec()

    def count_dropped(self, reason: str) -> None:
        """Count a stream that the server ends: "busy", "lagging" or "stopping"."""
        self._instruments.streams_dropped.labels(reason).inc()

    def count_gap(self) -> None:
        """Count a stream that is told of a gap."""
        self._instruments.gaps.inc()
