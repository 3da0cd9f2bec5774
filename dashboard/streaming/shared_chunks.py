"""Chunks of a snapshot or a replay, kept for a moment: readers that come together lack the same.

With `every` the last chunk is shared as well, so that those readers share a feed from there on.
Without it a reader goes on to what has come since.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dashboard.events.encoded import Encoded
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import ReplayBuffer

_SHARED_SECONDS = 0.25
_SHARED_PART = 40  # of a longer `every`
_SHARED_QUIET_SECONDS = 5.0  # while no event comes, and at most
_FEW = 100  # events; smaller chunks are made anew when another event has come
_MOST_SHARED = 64  # chunks
_SHARED_BYTES = 4 << 20

Cursor = TypeVar("Cursor", int, EventId)


@dataclass(frozen=True, slots=True)
class Chunk(Generic[Cursor]):
    """A piece of a snapshot (cursor: seq) or a replay (cursor: id), complete up to `reached`.

    The last one is complete up to `seq`. That and `position` are the replay buffer's, at the time
    when the chunk was made.
    """

    frame: Frame
    reached: Cursor
    is_last: bool
    seq: int
    position: EventId
    events: list[Encoded]
    made_at: float


class SharedChunks:
    """Chunks that were made a moment ago. `clock` is monotonic seconds."""

    def __init__(self, buffer: ReplayBuffer, clock: Callable[[], float]) -> None:
        self._buffer = buffer
        self._clock = clock
        self._chunks: dict[Hashable, Any] = {}

    def make(
        self, filter: Filter, events: list[Encoded], reached: Cursor, *, is_last: bool
    ) -> Chunk[Cursor]:
        """Return a new chunk of selected events."""
        frame = Frame(filter.wire(events))
        for encoded in events:
            encoded.release()
        seq, position = self._buffer.seq, self._buffer.position
        return Chunk(frame, reached, is_last, seq, position, events, self._clock())

    def shared(
        self, filter: Filter, key: Hashable, make: Callable[[], Chunk[Cursor]]
    ) -> Chunk[Cursor]:
        """Return the chunk of a key if it can still be used, or else what `make` returns."""
        chunk: Chunk[Cursor] | None = self._chunks.get(key)
        if chunk is None or not self._is_usable(chunk, filter.every):
            self.forget()
            chunk = self._chunks[key] = make()
            while sum(len(each.frame.raw) for each in self._chunks.values()) > _SHARED_BYTES or (
                len(self._chunks) > _MOST_SHARED
            ):
                del self._chunks[next(iter(self._chunks))]
        return chunk

    def forget(self) -> None:
        """Let go of chunks that can't be used any more."""
        oldest = self._clock() - _SHARED_QUIET_SECONDS
        for key in [key for key, chunk in self._chunks.items() if chunk.made_at < oldest]:
            del self._chunks[key]

    def _is_usable(self, chunk: Chunk[Cursor], every: float | None) -> bool:
        age = self._clock() - chunk.made_at
        if chunk.seq == self._buffer.seq:
            return age < _SHARED_QUIET_SECONDS  # events that the log no longer keeps go, in time
        if every is not None:
            lasts = min(every, max(_SHARED_SECONDS, every / _SHARED_PART), _SHARED_QUIET_SECONDS)
            return age < lasts
        return age < _SHARED_SECONDS and len(chunk.events) > _FEW
