"""Feeds: what all streams with one filter share.

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
from dashboard.streaming.conflation import Grid
from dashboard.streaming.frame import Frame

RING = 64  # frames; at one a second a stream may be a minute late before it is closed
_LATENESS = 0.1  # seconds that an event may take from its log to here
RING_BYTES = 2 << 20  # fewer frames, but two, where they are large


class Lagging(Exception):
    """A stream has fallen out of the ring of its feed."""


class Feed:
    """The frames of one filter, and the streams that wait for them. `now` is monotonic seconds.

    A feed with periods (`every`) holds nothing back itself: `told` is the number of the newest
    event at the end of its last period, and what is newer goes out at the end of this one.
    """

    def __init__(self, filter: Filter, now: float, *, grid: Grid | None = None) -> None:
        self.filter = filter
        self.grid = grid
        self.told = 0
        self.ends: float | None = None  # of the period that has begun: seconds since 1970
        self.due: float | None = None  # a little later, by the monotonic clock
        self._over = 0.0  # where the last period ended; what comes late is of the one after it
        self.followers: set[Follower] = set()
        self.last_frame_at = now
        self.parked: dict[int, set[int]] = {}  # form -> descriptors of parked sockets
        self._ring: deque[Frame] = deque()
        self._ring_bytes = 0
        self.ended = False  # its right has expired: who follows is to leave
        self.made = 0  # frames, ever: the place where a stream that joins now stands
        self._flag = Flag()

    @property
    def in_use(self) -> bool:
        """Whether any stream is in it."""
        return bool(self.followers or self.parked)

    def begin_period(self, time: float, now: float) -> None:
        """An event of a time (seconds since 1970) has come: its period begins, unless one has."""
        if self.due is None:
            assert self.grid is not None
            time = max(time, self._over)
            self.end_at(self.grid.end(time), self.grid.end(time) - time, now)

    def end_at(self, ends: float, lasts: float, now: float) -> None:
        """Let the period end at a time, or `lasts` seconds from now and a little more.

        The latter is for when no later event comes, and by the monotonic clock: a wall clock that
        steps back must not stall the feed.
        """
        self.ends, self.due = ends, now + lasts + _LATENESS

    def end_period(self, told: int) -> None:
        """Begin anew with the next event."""
        self._over = self.ends or self._over
        self.ends = self.due = None
        self.told = told

    def send(self, frame: Frame, now: float) -> None:
        """Add a frame and wake the followers; parked sockets are written to by the hub."""
        self._ring.append(frame)
        self._ring_bytes += len(frame.raw)
        while len(self._ring) > RING or (self._ring_bytes > RING_BYTES and len(self._ring) > 2):
            self._ring_bytes -= len(self._ring.popleft().raw)
        self.made += 1
        self.last_frame_at = now
        self.wake()

    def wake(self) -> None:
        """Let every waiting stream look up."""
        flag, self._flag = self._flag, Flag()
        flag.set()

    def has_expired(self, now: float) -> bool:
        """Whether its right is over; `now` is seconds since 1970."""
        return self.filter.scope.expires is not None and self.filter.scope.expires <= now

    def laggards(self) -> list["Follower"]:
        """The followers that need a frame which is no longer kept."""
        return [follower for follower in self.followers if not self.keeps(follower.place)]

    def keeps(self, place: int) -> bool:
        """Whether all frames since a place are still here."""
        return self.made - place <= len(self._ring)

    def since(self, place: int) -> list[Frame]:
        """All frames since a place. Raises Lagging when they are no longer kept."""
        if not self.keeps(place):
            raise Lagging
        return list(islice(self._ring, len(self._ring) - (self.made - place), None))

    def wait(self, timeout: float | None) -> None:
        """Wait for the next frame or wake-up, at most `timeout` seconds."""
        self._flag.wait(timeout)


class Follower:
    """A stream that a greenlet serves: its place among the frames of its feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.place = feed.made
        self._left: list[Frame] = []  # of a feed that it was in before
        self._greenlet = gevent.getcurrent()
        feed.followers.add(self)

    @property
    def is_even(self) -> bool:
        """Whether it has had every frame that was made."""
        return not self._left and self.place == self.feed.made

    def frames(self, form: int) -> bytes:
        """Everything since the last call; waits for it. Empty after a wake-up without a frame.

        Raises Lagging when frames were missed.
        """
        if self.is_even:
            self.feed.wait(None)
        frames = self._left + self.feed.since(self.place)
        self._left, self.place = [], self.feed.made
        return b"".join(frame.form(form) for frame in frames)

    def move(self, feed: Feed) -> None:
        """Go on in another feed from its next frame on, after what is left of this one."""
        try:
            self._left += self.feed.since(self.place)
            self.place = feed.made
        except Lagging:
            self.place = -1  # which no ring reaches
        self.feed.followers.discard(self)
        self.feed.wake()
        self.feed = feed
        feed.followers.add(self)

    def cut(self) -> None:
        """End the stream although its greenlet hangs in a write that the reader doesn't take."""
        broken = BrokenPipeError(errno.EPIPE, "the reader does not keep up")
        if isinstance(self._greenlet, gevent.Greenlet):
            self._greenlet.kill(broken, block=False)
