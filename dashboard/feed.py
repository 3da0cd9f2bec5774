"""Feeds: what all streams with one filter share.

A feed makes each frame once. Nothing is queued per stream: a stream is a place in the short ring
of its feed's last frames, and one that has fallen out of the ring is too slow and is closed; its
browser comes back with its Last-Event-ID and is caught up from the log.

With `every=N` events are conflated: of each host and name the newest of a period of N seconds is
sent, all of them together at the period's end, so ids still only grow. Periods lie on one of eight
grids, by the moment in which a stream came. Whoever comes has just been told the newest of
everything, so he starts in a young feed, shared with those who were told the same, whose first
period goes on until N seconds are over; at its end it is like the grown feed of its grid, and its
streams move there.
"""

import errno
from collections import deque
from collections.abc import Iterable
from itertools import islice

import gevent
from gevent.event import Event as Flag

from dashboard.filter import Filter
from dashboard.frame import Frame
from dashboard.wire import Encoded, id_of

RING = 32  # frames; at one a second a stream may be half a minute late before it is closed


class Lagging(Exception):
    """A stream has fallen out of the ring of its feed."""


class Feed:
    """The frames of one filter, and the streams that wait for them. `now` is monotonic seconds."""

    def __init__(self, filter: Filter, now: float, *, due: float | None = None) -> None:
        """`due` is when a young feed's first period ends."""
        self.filter = filter
        self.followers: set[Follower] = set()
        self.last_frame_at = now
        self.due = due  # when what is pending has to go out
        self.parked: dict[int, set[int]] = {}  # form -> descriptors of parked sockets
        self._ring: deque[Frame] = deque(maxlen=RING)
        self.ended = False  # its right has expired: who follows is to leave
        self.made = 0  # frames, ever: the place where a stream that joins now stands
        self._flag = Flag()
        self._pending: dict[tuple[str, str | None], Encoded] = {}
        self._pending_period = 0

    def has_grown(self) -> bool:
        """Whether a young feed is now as the grown one of its grid would be."""
        if self.filter.first is None or self.followers:
            return False  # a greenlet would have to be told of a move; it goes on as it is
        return self._pending_period > self.filter.first or self.due is None

    def holds(self, period: int) -> bool:
        """Whether what is pending belongs to a period or to one before."""
        return bool(self._pending) and self._pending_period <= period

    @property
    def in_use(self) -> bool:
        """Whether any stream is in it."""
        return bool(self.followers or self.parked)

    def take(self, batch: Iterable[Encoded], now: float) -> Frame | None:
        """Make a frame of what the filter wants of a batch; None when that is nothing."""
        wanted = self.filter.pick(batch)
        if self.filter.every is None:
            return self.send(self.filter.wire(wanted), now)
        return self.send(b"".join(self._conflate(encoded, now) for encoded in wanted), now)

    def flush(self, now: float) -> Frame | None:
        """Make a frame of what is pending; None when nothing is."""
        return self.send(self._drain(), now)

    def send(self, raw: bytes, now: float) -> Frame | None:
        """Add a frame and wake the followers; parked sockets are written to by the hub."""
        if not raw:
            return None
        frame = Frame(raw)
        self._ring.append(frame)
        self.made += 1
        self.last_frame_at = now
        flag, self._flag = self._flag, Flag()
        flag.set()
        return frame

    def wake(self) -> None:
        """Let every waiting stream look up, without a frame."""
        flag, self._flag = self._flag, Flag()
        flag.set()

    def has_expired(self, now: float) -> bool:
        """Whether its right is over; `now` is seconds since 1970."""
        return self.filter.right.expires is not None and self.filter.right.expires <= now

    def laggards(self) -> list["Follower"]:
        """The followers that need a frame which is no longer kept."""
        oldest = self.made - len(self._ring)
        return [follower for follower in self.followers if follower.place < oldest]

    def after(self, place: int, form: int) -> bytes:
        """All frames since a place, joined. Raises Lagging when they are no longer kept."""
        missing = self.made - place
        if missing > len(self._ring):
            raise Lagging
        missed = islice(self._ring, len(self._ring) - missing, None)
        return b"".join(frame.form(form) for frame in missed)

    def wait(self, timeout: float | None) -> None:
        """Wait for the next frame or wake-up, at most `timeout` seconds."""
        self._flag.wait(timeout)

    def _conflate(self, encoded: Encoded, now: float) -> bytes:
        """Keep an event until its period ends; return the period before, if that ended now."""
        event = encoded.event
        ended = b""
        if event.id is not None:
            period = self.filter.period(event.id.time)
            if period != self._pending_period:
                ended = self._drain()
                self._pending_period = period
        if self.due is None:
            # A span of the monotonic clock: a wall clock that steps back must not stall the feed.
            every = self.filter.every or 0
            self.due = now + (self.filter.remaining(event.id.time) if event.id else every)
        self._pending[event.host, event.name] = encoded
        return ended

    def _drain(self) -> bytes:
        pending = sorted(self._pending.values(), key=id_of)
        self._pending.clear()
        self.due = None
        return self.filter.wire(pending)


class Follower:
    """A stream that a greenlet serves: its place among the frames of its feed."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.place = feed.made
        self._greenlet = gevent.getcurrent()
        feed.followers.add(self)

    @property
    def is_even(self) -> bool:
        """Whether it has had every frame that was made."""
        return self.place == self.feed.made

    def frames(self, form: int) -> bytes:
        """Everything since the last call; waits for it. Empty after a wake-up without a frame.

        Raises Lagging when frames were missed.
        """
        if self.is_even:
            self.feed.wait(None)
        frames = self.feed.after(self.place, form)
        self.place = self.feed.made
        return frames

    def cut(self) -> None:
        """End the stream although its greenlet hangs in a write that the reader doesn't take."""
        broken = BrokenPipeError(errno.EPIPE, "the reader does not keep up")
        if isinstance(self._greenlet, gevent.Greenlet):
            self._greenlet.kill(broken, block=False)
