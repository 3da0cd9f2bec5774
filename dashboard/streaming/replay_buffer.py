"""The replay buffer of a worker: the last stretch of the log, and the newest of each host and name.

A stream that starts or comes back after a short absence is served from here; the log is read only
for older events. The stretch is the last ten minutes of one machine. Of many machines it is the
last seconds, in which most readers that were cut off come back.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator

from dashboard.events.encoded import LOG_START, Encoded, id_of
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.posix.clock import steady_time
from dashboard.streaming.known_names import KnownNames

# Events older than these seconds stay only within LEAST_BYTES, and none beyond MOST_BYTES.
SECONDS = 15.0
LEAST_BYTES = 1 << 20
MOST_BYTES = 64 << 20
_OVERHEAD = 400  # bytes that an event takes beside its data

Key = tuple[str, str | None]  # host and name


def cost(encoded: Encoded) -> int:
    """Return the bytes of memory that an event takes, roughly."""
    return len(encoded.event.data) + _OVERHEAD


class ReplayBuffer:
    """Events up to `position`, the id of the newest logged one, and `seq`, the count of all.

    Belongs to the event loop: no method lets other greenlets run.
    """

    def __init__(self, *, retention: float, clock: Callable[[], float] = steady_time) -> None:
        """Forget events after `retention` seconds, as the log does; `clock` is a steady one."""
        self.position = LOG_START
        self.seq = 0
        self.names = KnownNames()
        self._retention = retention
        self._clock = clock
        self._latest: dict[Key, Encoded] = {}
        # The same in order of arrival, and the seq of each; None where a newer one has come.
        self._by_seq: list[Encoded | None] = []
        self._seqs: list[int] = []
        self._stretch: list[Encoded] = []  # from _head on, in id order
        self._head = 0
        self._stretch_bytes = 0
        self._dropped_bytes = 0  # before _head
        self._stretch_after = LOG_START  # every event above this id, up to position, is kept

    def load(
        self,
        newest: Iterable[Encoded],
        stretch: Iterable[Encoded],
        after: EventId,
        age: Callable[[EventId], float] = lambda _: 0.0,
    ) -> None:
        """Start with the newest event of each host and name, and the log's last stretch.

        `stretch` is every event above the id `after`, up to the newest of all; `age` returns the
        seconds since an event was logged.
        """
        now = self._clock()
        for encoded in newest:
            encoded.heard_at = now - age(id_of(encoded))
            self._number(encoded)
            self._set_latest(encoded)
            self.position = max(self.position, id_of(encoded))
        self._stretch_after, self.position = after, max(self.position, after)
        for encoded in stretch:
            encoded.heard_at = now - age(id_of(encoded))
            self._keep(encoded)

    def add(self, batch: Iterable[Encoded]) -> None:
        """Add the next events. One that was not logged has no id and is no part of the stretch."""
        now = self._clock()
        newest: dict[Key, Encoded] = {}  # of the batch, in order of arrival
        for encoded in batch:
            encoded.heard_at = now
            self._number(encoded)
            key = encoded.event.host, encoded.event.name
            newest.pop(key, None)
            newest[key] = encoded
            event_id = encoded.event.id
            if event_id is None:
                continue
            if self.position == LOG_START:
                self._stretch_after = event_id  # the log was empty: nothing came before
            self.position = event_id
            self._keep(encoded)
        for encoded in newest.values():
            self._set_latest(encoded)

    def lose(self) -> None:
        """Drop the stretch: the log has lost its events, so nothing comes before the next one."""
        self._stretch, self._head = [], 0
        self._stretch_bytes = self._dropped_bytes = 0
        self._stretch_after = self.position

    # The stretch.

    def covers(self, after: EventId) -> bool:
        """Return True if every event above an id, up to `position`, is in the stretch."""
        return self.position >= after >= self._stretch_after > LOG_START

    def events_after(self, after: EventId) -> list[Encoded]:
        """Return every event above an id that is covered, in order."""
        return list(self._after(after))

    def next_events(
        self, filter: Filter, after: EventId, size: int
    ) -> tuple[list[Encoded], EventId]:
        """Return the next selected events above a covered id, and the id up to which that is all.

        They have at most `size` bytes of data, or are one event.
        """
        found: list[Encoded] = []
        for encoded in self._after(after):
            if filter.wants(encoded.event):
                size -= len(encoded.event.data)
                if size < 0 and found:
                    return found, id_of(found[-1])
                found.append(encoded)
        return found, self.position

    # The newest of each host and name.

    def latest(self, filter: Filter) -> list[Encoded]:
        """Return the newest event of each host and name that is selected, in order of arrival."""
        return self.newer_than(filter, 0)

    def newer_than(self, filter: Filter, seq: int) -> list[Encoded]:
        """Return those of them that came after the event `seq`."""
        self._forget_expired()
        return filter.pick(self._newer(seq))

    def next_newest(self, filter: Filter, seq: int, size: int) -> tuple[list[Encoded], int]:
        """Return the first of them, and the seq up to which that is all.

        They have at most `size` bytes of data, or are one event.
        """
        self._forget_expired()
        found: list[Encoded] = []
        for encoded in self._newer(seq):
            if filter.wants(encoded.event):
                size -= len(encoded.event.data)
                if size < 0 and found:
                    return found, found[-1].seq
                found.append(encoded)
        return found, self.seq

    def seq_before(self, after: EventId) -> int:
        """Return a seq such that every newest event above an id came after it."""
        if self.covers(after):
            first = next(self._after(after), None)
            if first is None:
                return self.seq
            if first.seq:
                return first.seq - 1
        newer = (each for each in self._newer(0) if id_of(each) > after)
        return next((each.seq - 1 for each in newer), self.seq)

    def hosts(self) -> set[str]:
        """Return the hosts that have an event in the log."""
        self._forget_expired()
        return self.names.hosts

    def newest(self, host: str, name: str | None) -> Encoded | None:
        """Return the newest event of a host and name."""
        return self._latest.get((host, name))

    def newest_size(self, key: Key) -> int | None:
        """Return the bytes of data of the newest event of a host and name; None if it has none."""
        encoded = self._latest.get(key)
        return None if encoded is None else len(encoded.event.data)

    def age(self, host: str, name: str) -> float | None:
        """Return the seconds since the newest event of a host and name; None if there is none."""
        encoded = self._latest.get((host, name))
        return None if encoded is None else self._clock() - encoded.heard_at

    def heard(self, most: int) -> dict[Key, list[float]]:
        """Return when each of the last `most` events came (steady time), by host and name."""
        found: dict[Key, list[float]] = {}
        for encoded in self._stretch[max(self._head, len(self._stretch) - most) :]:
            found.setdefault((encoded.event.host, encoded.event.name), []).append(encoded.heard_at)
        return found

    # Inside.

    def _after(self, after: EventId) -> Iterator[Encoded]:
        start = bisect_right(self._stretch, after, lo=self._head, key=id_of)
        return (self._stretch[index] for index in range(start, len(self._stretch)))

    def _newer(self, seq: int) -> Iterator[Encoded]:
        for index in range(bisect_right(self._seqs, seq), len(self._by_seq)):
            encoded = self._by_seq[index]
            if encoded is not None:
                yield encoded

    def _keep(self, encoded: Encoded) -> None:
        self._stretch.append(encoded)
        self._stretch_bytes += cost(encoded)
        while self._stretch_bytes > LEAST_BYTES and (
            self._stretch_bytes > MOST_BYTES
            or self._stretch[self._head].heard_at < encoded.heard_at - SECONDS
        ):
            oldest = self._stretch[self._head]
            self._head += 1
            self._stretch_bytes -= cost(oldest)
            self._dropped_bytes += cost(oldest)
            self._stretch_after = id_of(oldest)
        if self._dropped_bytes > self._stretch_bytes // 8:  # else each drop would move the rest
            del self._stretch[: self._head]
            self._head = self._dropped_bytes = 0

    def _number(self, encoded: Encoded) -> None:
        self.seq += 1
        encoded.seq = self.seq

    def _set_latest(self, encoded: Encoded) -> None:
        key = encoded.event.host, encoded.event.name
        before = self._latest.get(key)
        if before is None:
            self.names.add(encoded.event)
        else:
            self.names.replace(before.event, encoded.event)
            self._by_seq[bisect_left(self._seqs, before.seq)] = None
        self._latest[key] = encoded
        self._by_seq.append(encoded)
        self._seqs.append(encoded.seq)
        if len(self._by_seq) > 2 * len(self._latest) + 100:
            self._by_seq = [each for each in self._by_seq if each is not None]
            self._seqs = [each.seq for each in self._latest.values()]
            self._seqs.sort()

    def _forget_expired(self) -> None:
        end = self._clock() - self._retention
        for index, encoded in enumerate(self._by_seq):
            if encoded is not None:
                if encoded.heard_at >= end:
                    break
                del self._latest[encoded.event.host, encoded.event.name]
                self.names.remove(encoded.event)
                self._by_seq[index] = None
