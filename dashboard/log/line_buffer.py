"""Events on their way to a log that may be away: in order, in batches, within bounds.

Whoever puts events in waits for room for at most two seconds, and only if the log was keeping up
until then. After that events are dropped and counted until a batch has gone out again; at that
place in the order an event says how many are missing.
"""

import threading
from collections.abc import Callable, Sequence

from dashboard.events.event import Event
from dashboard.log.contract import LogUnavailable, Refused
from dashboard.log.retry_buffer import Backoff, Batch, RetryBuffer

MOST_EVENTS = 50_000
MOST_BYTES = 16 << 20  # of their data
_TOGETHER = 1000, 512 << 10  # events and bytes of a batch
_LINGER = 0.2  # seconds that a batch waits for more events
_ROOM_SECONDS = 2.0
_PAUSES = (0.1, 3.0)  # seconds between attempts, the first and the longest

Send = Callable[[Sequence[Event], str], object]


class LineBuffer:
    """A bounded queue, and the thread that empties it."""

    def __init__(
        self,
        send: Send,
        *,
        say: Callable[[str], None],
        lost: Callable[[int], Event] | None = None,
        while_away: str = "trying again, and holding what comes",
        most_events: int = MOST_EVENTS,
        most_bytes: int = MOST_BYTES,
        room_seconds: float = _ROOM_SECONDS,
    ) -> None:
        """`send` logs a batch under a key; it raises LogUnavailable, or Refused if that is final.

        `say` tells the operator, `while_away` is what it says of a log that takes nothing. `lost`
        makes the event that tells how many were dropped. `put` waits `room_seconds` for room.
        """
        self._send = send
        self._lost_event = lost
        self._say = say
        self._while_away = while_away
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._room_seconds = room_seconds
        self._buffer = RetryBuffer(together=_TOGETHER, backoff=Backoff(*_PAUSES))
        self._lost = 0
        self._taken = False  # whether the log ever took a batch
        self._closing = False
        self._given_up = False
        self.failure: BaseException | None = None  # what has ended the thread before its time
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="backlog", daemon=True)
        self._thread.start()

    def put(self, event: Event) -> None:
        """Take an event, or drop it. Raises Refused if the log has refused the very first batch."""
        batch, buffer = Batch([event]), self._buffer
        with self._changed:
            if not self._lost:
                self._changed.wait_for(
                    lambda: self._fits(batch) or self.failure, self._room_seconds
                )
            self.check()
            # Once one is dropped all are, until the place of the gap is marked.
            if self._lost or not self._fits(batch):
                self._lost += 1
                return
            had_batch = buffer.has_full_batch
            buffer.put(batch)
            # A wake-up for each line would cost more than the line.
            if len(buffer.queue) == 1 or had_batch != buffer.has_full_batch:
                self._changed.notify_all()

    def put_newest(self, event: Event) -> None:
        """Take an event in the place of all that wait, as it says what they do. Raises Refused."""
        with self._changed:
            self.check()
            while self._buffer.queue:
                self._buffer.drop_oldest()
            self._buffer.put(Batch([event]))
            self._changed.notify_all()

    def check(self) -> None:
        """Raise Refused if the log has refused the very first batch."""
        if self.failure is not None:
            raise self.failure

    def close(self, timeout: float) -> int:
        """Send what is left, for at most `timeout` seconds; return how many could not be sent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        with self._changed:
            self._given_up = True
            self._changed.notify_all()
            self.check()
            return self._buffer.events + self._lost

    def _fits(self, batch: Batch) -> bool:
        events, size = self._buffer.events, self._buffer.size
        return not events or (events < self._most_events and size + batch.size <= self._most_bytes)

    # What runs in the thread.

    def _run(self) -> None:
        try:
            while not self._given_up and (events := self._next_batch()):
                self._deliver(events)
        except BaseException as error:
            with self._changed:
                self.failure = error
                self._changed.notify_all()

    def _next_batch(self) -> list[Event]:
        """The oldest events, once there are some; none when all is sent and no more will come."""
        buffer = self._buffer
        with self._changed:
            self._changed.wait_for(lambda: buffer.queue or self._closing)
            self._changed.wait_for(lambda: buffer.has_full_batch or self._closing, _LINGER)
            return buffer.next()

    def _deliver(self, events: list[Event]) -> None:
        is_away = False
        while True:
            try:
                self._send(events, self._buffer.key)
            except LogUnavailable as error:
                if isinstance(error, Refused) and not self._taken:
                    raise
                if isinstance(error, Refused) and error.is_content:
                    self._say(f"{error}; dropped {len(events)}")
                    self._done(lost=len(events))
                    self._is_given_up_within(_PAUSES[1])  # what tells of it may be refused as well
                    return
                if not is_away:
                    self._say(f"{error}; {self._while_away}")
                is_away = True
            else:
                self._taken = True
                if is_away:
                    self._say("going on" + (f"; {self._lost} were dropped" if self._lost else ""))
                self._done()
                return
            if self._is_given_up_within(self._buffer.backoff.next()):
                return

    def _is_given_up_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._given_up, seconds)

    def _done(self, *, lost: int = 0) -> None:
        with self._changed:
            self._buffer.done()
            self._lost += lost
            if self._lost and self._lost_event is not None:
                self._buffer.put(Batch([self._lost_event(self._lost)]))
                self._lost = 0
            self._changed.notify_all()
