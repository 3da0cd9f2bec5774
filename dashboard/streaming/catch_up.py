"""What a stream is sent before it is live: a snapshot, or the events after an id.

Both come in chunks, so that a stream costs the same memory however much the log holds; a chunk is
made from a cursor alone. The cursor of a snapshot is a seq: the newest events of each host and name
that came after it. The cursor of a replay is an id. The last chunk is complete up to the moment in
which it is made, and the stream joins its feed in the same step.
"""

import time
from collections.abc import Callable

from dashboard.events.encoded import LOG_START, Encoded, id_of
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.streaming.conflation import conflate
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.streaming.shared_chunks import Chunk, SharedChunks
from dashboard.streaming.tail import Tail

CHUNK = 128 << 10  # bytes of data; a single event may be larger
MOST_CONFLATED = 1 << 20  # bytes of data; of more only the newest is sent
_BATCH = 1000  # events of the log that are read at once
_FIRST_BATCH = 16  # as they may have 64 KB each
_MOST_HOSTS = 500  # that the log is asked for by name


class Trimmed(LogUnavailable):
    """Events above an id are no longer in the log, so they can't be replayed."""


class Replay:
    """Snapshots and replays of one worker."""

    def __init__(
        self,
        log: EventLog,
        buffer: ReplayBuffer,
        tail: Tail,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._buffer = buffer
        self._tail = tail
        self._clock = clock
        # Apart: many different ids must not displace what all who come share.
        self._snapshots = SharedChunks(buffer, monotonic)
        self._replays = SharedChunks(buffer, monotonic)

    def forget(self) -> None:
        """Let go of chunks that no one will use any more."""
        self._snapshots.forget()
        self._replays.forget()

    def snapshot_chunk(self, filter: Filter, seq: int) -> Chunk[int]:
        """Return the next of the newest events of each host and name that came after `seq`."""

        def make() -> Chunk[int]:
            events, reached = self._buffer.next_newest(filter, seq, CHUNK)
            return self._snapshots.make(
                filter, events, reached, is_last=reached == self._buffer.seq
            )

        return self._snapshots.shared(filter, (filter.selection, filter.every is None, seq), make)

    def can_replay(self, after: EventId, seconds: float) -> bool:
        """Return True if all events above an id are available, and it is at most so old.

        Its age is that of its append, also where ids are ahead of the clock. Blocks on the log for
        an id that memory does not cover. Raises LogUnavailable.
        """
        if self._clock() - self._log.time_of(after) > seconds:
            return False
        after = self.resolved(after)
        if after > self._buffer.position and not self._tail.catches_up_with(after):
            return False
        if self._buffer.covers(after):
            return True
        oldest = self._log.with_reader(lambda log: log.oldest())
        return oldest is not None and after >= oldest

    def resolved(self, after: EventId) -> EventId:
        """Return the id after which to go on for one that a reader has.

        That is the id itself, but for one that stands for a time (`flask tail --since`) while ids
        are ahead of the clock: events of a later time may all have much higher ids.
        """
        if after > self._buffer.position or after.time > self._clock():
            return after
        first = self._log.id_at(after.time)
        before = EventId(first.ms, first.sequence - 1)  # only to be compared
        return min(max(after, before), self._buffer.position)

    def is_even(self, chunk: Chunk[int] | Chunk[EventId]) -> bool:
        """Return True if nothing lacks after a chunk; a stream may then join in the same step."""
        return chunk.is_last and chunk.seq == self._buffer.seq

    def is_in_memory(self, after: EventId) -> bool:
        """Return True if the replay of an id reads no log."""
        return self._buffer.covers(after)

    def next_chunk(self, filter: Filter, after: EventId) -> Chunk[EventId]:
        """Return the next events above an id.

        Blocks on the log if memory does not cover the id. Raises LogUnavailable.
        """

        def make() -> Chunk[EventId]:
            events, reached = self._buffer.next_events(filter, after, CHUNK)
            is_last = reached == self._buffer.position
            return self._replays.make(filter, events, reached, is_last=is_last)

        if self._buffer.covers(after):
            return self._replays.shared(filter, (filter, after), make)
        events, reached = self._read_log(after, filter)
        return self._replays.make(filter, events, reached, is_last=False)

    def conflated(self, filter: Filter, after: EventId) -> Chunk[int]:
        """Return the newest events of each window (`every`) above an id.

        If memory does not cover the id, or they are many, that is an empty chunk, which is not the
        last: the newest of all that came after its `reached` are to be sent.
        """
        buffer = self._buffer
        # Readers that come at the same time share this one's seq, and so a feed.
        start = self.snapshot_chunk(filter, 0)
        seq = start.seq if after <= start.position else buffer.seq

        def make() -> Chunk[int]:
            kept: list[Encoded] | None = None
            if buffer.covers(after):
                missed = [e for e in filter.pick(buffer.events_after(after)) if e.seq <= seq]
                kept = conflate(missed, filter.every or 0, self._log.time_of)
            elif start.is_last and seq == start.seq:
                kept = [encoded for encoded in start.events if id_of(encoded) > after]
            if kept is None or sum(len(e.event.data) for e in kept) > MOST_CONFLATED:
                return self._replays.make(filter, [], buffer.seq_before(after), is_last=False)
            return self._replays.make(filter, kept, seq, is_last=True)

        return self._replays.shared(filter, (filter, after, seq), make)

    def read_next(self, after: EventId, filter: Filter) -> tuple[list[Encoded], EventId]:
        """Return the next selected events above an id, and the id up to which that is all.

        When that is the hub's `position`, the caller has everything, and can join the feed in the
        same step. Blocks on the log if memory does not cover the id. Raises LogUnavailable.
        """
        if self._buffer.covers(after):
            return self._buffer.next_events(filter, after, CHUNK)
        return self._read_log(after, filter)

    def _read_log(self, after: EventId, filter: Filter) -> tuple[list[Encoded], EventId]:
        last = self._buffer.position
        names, hosts = filter.logged_names, filter.hosts_among(self._buffer.hosts())
        if hosts is not None and len(hosts) > _MOST_HOSTS:
            hosts = None

        def read(log: EventLog) -> tuple[list[Event], EventId]:
            found: list[Event] = []
            reached, size, limit = after, 0, _FIRST_BATCH
            while size < CHUNK and reached < last:
                batch = log.read_range(
                    reached.following, last, names=names, hosts=hosts, limit=limit
                )
                found += batch
                size += sum(len(event.data) for event in batch)
                reached = last if len(batch) < limit else batch[-1].id or last
                limit = min(4 * limit, _BATCH, 1 + CHUNK * len(found) // max(1, size))
            # Afterwards: the log may be trimmed while it is read. Who found it empty lacks nothing.
            oldest = log.oldest()
            if after != LOG_START and (oldest is None or after < oldest):
                raise Trimmed(f"events after {after} are no longer in the log")
            return found, reached

        events, reached = self._log.with_reader(read)
        return filter.pick(map(Encoded.of, events)), reached
