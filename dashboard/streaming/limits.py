"""How many streams a worker holds, of each address and in all, and why it ended those it ended.

Each distinct filter costs a pass over every event, and a frame. So their costs are bounded, too, in
all and by the address that came with a filter first: no client can use up more than its share, and
whoever asks what another asks already is let in.
"""

from collections import Counter

from dashboard.access.addresses import network_of
from dashboard.events.filter import Filter
from dashboard.telemetry.counters import Instruments

EVERYTHING = Filter()
_SHARE = 4  # one address may have a part of so many parts of the filters,
_LEAST_SHARE = 64  # but so much at least, which any machine bears


class _Followed:
    """A filter that streams follow: how many, and whose it counts as."""

    __slots__ = ("network", "streams")

    def __init__(self, network: str) -> None:
        self.network = network
        self.streams = 0


class Admission:
    """The places for streams. Every stream that is admitted is released once."""

    def __init__(
        self,
        most: int,
        instruments: Instruments,
        *,
        most_per_address: int = 0,
        most_feeds: int = 1_000_000,
    ) -> None:
        """`most_per_address` is 0 where that is not bounded; `most_feeds` bounds filters' costs."""
        self.most = most
        self.most_per_address = most_per_address
        self.most_feeds = most_feeds
        self.streams = 0
        self._share = max(_LEAST_SHARE, most_feeds // _SHARE)
        self._by_address: Counter[str] = Counter()
        self._followed: dict[Filter, _Followed] = {}
        self._cost = 0  # of all filters
        self._cost_of: Counter[str] = Counter()  # by address
        self._opened = 0
        self._instruments = instruments
        instruments.streams.set_function(lambda: self.streams)
        instruments.streams_opened.read = lambda: self._opened

    def admit(self, address: str = "", filter: Filter = EVERYTHING) -> bool:
        """Take a place for a stream of an address; False, and counted, when there is none."""
        reason = self.refusal(address, filter)
        if reason is not None:
            self.count_dropped(reason)
            return False
        network = network_of(address)
        self.streams += 1
        self._by_address[network] += 1
        followed = self._followed.get(filter)
        if followed is None:
            followed = self._followed[filter] = _Followed(network)
            self._cost += filter.cost
            self._cost_of[network] += filter.cost
        followed.streams += 1
        return True

    def refusal(self, address: str = "", filter: Filter = EVERYTHING) -> str | None:
        """Why `admit` would say no: "busy" for all places, "address" for those of one address.

        "feeds" for filters, of all or of one address.
        """
        if self.streams >= self.most:
            return "busy"
        network = network_of(address)
        if self.most_per_address and self._by_address[network] >= self.most_per_address:
            return "address"
        if filter not in self._followed and (
            self._cost >= self.most_feeds or self._cost_of[network] >= self._share
        ):
            return "feeds"
        return None

    def count_opened(self) -> None:
        """Count a stream that sends its first bytes."""
        self._opened += 1

    def release(self, address: str = "", filter: Filter = EVERYTHING) -> None:
        """Give the place of a stream back."""
        self.streams -= 1
        _subtract(self._by_address, network_of(address), 1)
        followed = self._followed[filter]
        followed.streams -= 1
        if not followed.streams:
            del self._followed[filter]
            self._cost -= filter.cost
            _subtract(self._cost_of, followed.network, filter.cost)

    def count_dropped(self, reason: str) -> None:
        """Count a stream that the server ends.

        "busy", "address" and "feeds" are limits; the others "lagging", "expired" and "stopping".
        """
        self._instruments.streams_dropped.labels(reason).inc()

    def count_gap(self) -> None:
        """Count a stream that is told of a gap."""
        self._instruments.gaps.inc()


def _subtract(counts: Counter[str], key: str, number: int) -> None:
    counts[key] -= number
    if not counts[key]:
        del counts[key]
