"""FeedRegistry: what all streams with one filter share.

A feed makes each frame once. Nothing is queued per stream: a stream is a place in the short ring
of its feed's last frames, and one that has fallen out of the ring is too slow and is closed; its
browser comes back with its Last-Event-ID and is caught up from the log.
"""

import errno
from collections import deque
from itertools import islice

import gevent
from gevent.event import Event as Flag

from dashboard.events.filter import Filter
from dashboard.streaming.conflation import ConflationWindow
from dashboard.streaming.frame import Frame

RING = 64  # frames; at one a second a stream may be a minute late before it is closed
_LATENESS = 0.1  # seconds that an event may take from its log to here
RING_BYTES = 2 << 20  # fewer frames, but two, where they are large
RINGS_BYTES = 256 << 20  # of all feeds of a worker: many have less each


class Lagging(Exception):
    """A stream has fallen out of the ring of its feed."""


class Feed:
    """The frames of one filter, and the streams that wait for them. `now` is monotonic seconds.

    A conflating feed (`every`) keeps no events itself: `delivered_seq` is the seq of the
    newest event at the end of its last window, and newer ones are sent at the end of this one.
    """

    def __init__(
        self, filter: Filter, now: float, *, window: ConflationWindow | None = None
    ) -> None:
        self.filter = filter
        self.window = window
        self.delivered_seq = 0
        self.ends: float | None = None  # of the period that has begun: seconds since 1970
        self.due: float | None = None  # a little later, by the monotonic clock
        self._over = 0.0  # where the last period ended; what comes late is of the one after it
        self.subscribers: set[Subscriber] = set()
        self.last_frame_at = now
        self.parked: dict[int, set[int]] = {}  # form -> descriptors of parked sockets
        self._ring: deque[Frame] = deque()
        self._ring_bytes = 0
        self.ended = False  # its right has expired: who follows is to leave
        self.frame_count = 0  # frames, ever: the place where a stream that joins now stands
        self._flag = Flag()

    @property
    def in_use(self) -> bool:
        """Whether any stream is in it."""
        return bool(self.subscribers or self.parked)

    def begin_window(self, time: float, now: float) -> None:
        """An event of a time (seconds since 1970) has come: its period begins, unless one has."""
        if self.due is None:
            assert self.window is not None
            time = max(time, self._over)
            self.schedule_end(self.window.end(time), self.window.end(time) - time, now)

    def schedule_end(self, ends: float, lasts: float, now: float) -> None:
        """Let the period end at a time, or `lasts` seconds from now and a little more.

        The latter is for when no later event comes, and by the monotonic clock: a wall clock that
        steps back must not stall the feed.
        """
        self.ends, self.due = ends, now + lasts + _LATENESS

    def end_window(self, seq: int) -> None:
        """Begin anew with the next event."""
        self._over = self.ends or self._over
        self.ends = self.due = None
        self.delivered_seq = seq

    def send(self, frame: Frame, now: float, room: int = RING_BYTES) -> None:
        """Add a frame and wake the subscribers; parked sockets are written to by the hub.

        `room` is the bytes that may be kept.
        """
        self._ring.append(frame)
        self._ring_bytes += len(frame.raw)
        while len(self._ring) > RING or (self._ring_bytes > room and len(self._ring) > 2):
            self._ring_bytes -= len(self._ring.popleft().raw)
        self.frame_count += 1
        self.last_frame_at = now
        self.wake()

    def wake(self) -> None:
        """Let every waiting stream look up."""
        flag, self._flag = self._flag, Flag()
        flag.set()

    def has_expired(self, now: float) -> bool:
        """Whether its right is over; `now` is seconds since 1970."""
        return self.filter.scope.expires is not None and self.filter.scope.expires <= now

    def slow_consumers(self) -> list["Subscriber"]:
        """The subscribers that need a frame which is no longer kept."""
        return [subscriber for subscriber in self.subscribers if not self.keeps(subscriber.cursor)]

    def keeps(self, cursor: int) -> bool:
        """Whether all frames since a place are still here."""
        return self.frame_count - cursor <= len(self._ring)

    def frames_after(self, cursor: int) -> list[Frame]:
        """All frames since a place. Raises Lagging when they are no longer kept."""
        if not self.keeps(cursor):
            raise Lagging
        return list(islice(self._ring, len(self._ring) - (self.frame_count - cursor), None))

    def wait(self, timeout: float | None) -> None:
        """Wait for the next frame or wake-up, at most `timeout` seconds."""
        self._flag.wait(timeout)


class Subscriber:
    """A stream that a greenlet serves: its place among the frames of its feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.cursor = feed.frame_count
        self._left: list[Frame] = []  # of a feed that it was in before
        self._greenlet = gevent.getcurrent()
        feed.subscribers.add(self)

    @property
    def is_even(self) -> bool:
        """Whether it has had every frame that was made."""
        return not self._left and self.cursor == self.feed.frame_count

    def frames(self, form: int) -> bytes:
        """Everything since the last call; waits for it. Empty after a wake-up without a frame.

        Raises Lagging when frames were missed.
        """
        if self.is_even:
            self.feed.wait(None)
        frames = self._left + self.feed.frames_after(self.cursor)
        self._left, self.cursor = [], self.feed.frame_count
        return b"".join(frame.form(form) for frame in frames)

    def switch_feed(self, feed: Feed) -> None:
        """Go on in another feed from its next frame on, after what is left of this one."""
        try:
            self._left += self.feed.frames_after(self.cursor)
            self.cursor = feed.frame_count
        except Lagging:
            self.cursor = -1  # which no ring reaches
        self.feed.subscribers.discard(self)
        self.feed.wake()
        self.feed = feed
        feed.subscribers.add(self)

    def abort(self) -> None:
        """End the stream although its greenlet hangs in a write that the reader doesn't take."""
        broken = BrokenPipeError(errno.EPIPE, "the reader does not keep up")
        if isinstance(self._greenlet, gevent.Greenlet):
            self._greenlet.kill(broken, block=False)
