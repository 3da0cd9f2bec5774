"""Events that wait for a log that may be away: in order, in batches, each under a key. Pure.

Whoever sends takes the batch that is under way, and says how it went: `done`, `refused`, or it
waits for `backoff` and takes the same again. A batch keeps its key, so one whose answer was lost is
logged once. What to do where there is no room is for the owner to say.
"""

import random
import uuid
from collections import deque
from collections.abc import Iterable

from dashboard.events.event import Event


class Backoff:
    """Pauses between attempts: doubled each time up to the longest, and jittered."""

    def __init__(self, first: float, longest: float) -> None:
        """Both are seconds."""
        self._first = self._pause = first
        self._longest = longest

    def next(self) -> float:
        """Return the seconds to wait before the next attempt."""
        pause, self._pause = self._pause, min(2 * self._pause, self._longest)
        return pause * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin anew: an attempt has succeeded."""
        self._pause = self._first


class Batch:
    """Events that were put in together."""

    def __init__(self, events: Iterable[Event], *, is_broadcast: bool = False) -> None:
        self.events = list(events)
        self.size = sum(len(event.data.encode()) for event in self.events)
        self.is_broadcast = is_broadcast


class RetryBuffer:
    """A queue, and the batches from its head that are under way; `events` and `size` count both."""

    def __init__(self, *, together: tuple[int, int], backoff: Backoff) -> None:
        """`together` are the events and the bytes that are sent at once."""
        self.key = ""  # of what is under way
        self.backoff = backoff
        self.queue: deque[Batch] = deque()
        self.under_way: list[Batch] = []
        self.events = self.size = 0
        self._together = together
        self._parts: list[list[Event]] = []  # of what is under way
        self._taken = 0, 0  # events and bytes under way

    @property
    def has_full_batch(self) -> bool:
        """Whether as much waits in the queue as is sent at once."""
        queued = self.events - self._taken[0], self.size - self._taken[1]
        return queued[0] >= self._together[0] or queued[1] >= self._together[1]

    def put(self, batch: Batch, *, first: bool = False) -> None:
        """Put a batch last, or first."""
        (self.queue.appendleft if first else self.queue.append)(batch)
        self.events += len(batch.events)
        self.size += batch.size

    def drop_oldest(self) -> Batch:
        """Take the oldest batch out of the queue."""
        batch = self.queue.popleft()
        self.events -= len(batch.events)
        self.size -= batch.size
        return batch

    def next(self) -> list[Event]:
        """Return what is to be sent under `key`: what is under way, or else the oldest."""
        if not self._parts and self.queue:
            events = size = 0
            while self.queue:
                taken = events + len(self.queue[0].events), size + self.queue[0].size
                if self.under_way and (
                    taken[0] > self._together[0] or taken[1] > self._together[1]
                ):
                    break
                events, size = self._taken = taken
                self.under_way.append(self.queue.popleft())
            self._begin([[event for batch in self.under_way for event in batch.events]])
        return self._parts[0] if self._parts else []

    def done(self) -> None:
        """Go on to the next: these are logged, or given up."""
        self.backoff.reset()
        self._begin(self._parts[1:])

    def refused(self, index: int | None) -> list[Event]:
        """Take out the event of an index that is refused for what it is, and return it.

        Where it is not known which one it is, the events are sent in halves from now on.
        """
        events, *later = self._parts
        index = 0 if len(events) == 1 else index
        if index is None or index >= len(events):  # too much at once, say
            half = len(events) // 2
            self._begin([events[:half], events[half:], *later])
            return []
        self._begin([[*events[:index], *events[index + 1 :]], *later])
        return [events[index]]

    def _begin(self, parts: list[list[Event]]) -> None:
        self._parts = [part for part in parts if part]
        self.key = uuid.uuid4().hex
        if not self._parts:
            self.events -= self._taken[0]
            self.size -= self._taken[1]
            self.under_way, self._taken = [], (0, 0)
