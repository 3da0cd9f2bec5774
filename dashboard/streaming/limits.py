"""How many streams a worker holds, of each address and in all, and why it ended those it ended."""

from collections import Counter

from dashboard.access.addresses import network_of
from dashboard.telemetry.counters import Instruments


class Admission:
    """The places for streams. Every stream that is admitted is released once."""

    def __init__(self, most: int, instruments: Instruments, *, most_per_address: int = 0) -> None:
        """`most_per_address` is 0 where that is not bounded, and then nobody's are counted."""
        self.most = most
        self.most_per_address = most_per_address
        self.streams = 0
        self._by_address: Counter[str] = Counter()
        self._instruments = instruments

    def admit(self, address: str = "") -> bool:
        """Take a place for a stream of an address; False, and counted, when there is none."""
        reason = self.refusal(address)
        if reason is not None:
            self.count_dropped(reason)
            return False
        self.streams += 1
        if self.most_per_address:
            self._by_address[network_of(address)] += 1
        self._instruments.streams.inc()
        return True

    def refusal(self, address: str = "") -> str | None:
        """Why `admit` would say no: "busy" for all places, "address" for those of one address."""
        if self.streams >= self.most:
            return "busy"
        if self.most_per_address and (
            self._by_address[network_of(address)] >= self.most_per_address
        ):
            return "address"
        return None

    def count_opened(self) -> None:
        """Count a stream that sends its first bytes."""
        self._instruments.streams_opened.inc()

    def release(self, address: str = "") -> None:
        """Give the place of a stream back."""
        self.streams -= 1
        if self.most_per_address:
            name = network_of(address)
            self._by_address[name] -= 1
            if self._by_address[name] <= 0:
                del self._by_address[name]
        self._instruments.streams.dec()

    def count_dropped(self, reason: str) -> None:
        """Count a stream that the server ends.

        "busy", "address" and "feeds" are limits; the others "lagging", "expired" and "stopping".
        """
        self._instruments.streams_dropped.labels(reason).inc()

    def count_gap(self) -> None:
        """Count a stream that is told of a gap."""
        self._instruments.gaps.inc()
