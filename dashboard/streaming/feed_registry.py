"""The feeds of a worker: which feed a stream joins, and the frames that are due.

With `every=N` events are conflated: at the end of each window of N seconds the newest event of each
host and name is sent, in the order of ids. These are the events after the end of the window before,
so a window costs nothing until it ends, whatever the number of events.

A new stream has just been sent a snapshot, so it starts in a pending feed, shared with the streams
that got the same snapshot, whose first window ends N seconds later. Then its subscribers have the
same state as those of the steady feed with the same offset, and are merged into it.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from dashboard.events.encoded import Encoded, control_event, id_of
from dashboard.events.filter import Filter
from dashboard.streaming.conflation import first_window
from dashboard.streaming.feed import RING_BYTES, RINGS_BYTES, Feed
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import ReplayBuffer

# Filter, offset of its windows, and for a pending feed the seq its subscribers are complete up to.
_Key = tuple[Filter, int, int | None]
Deliveries = list[tuple[Feed, Frame]]


class FeedRegistry:
    """All feeds of a worker. `now` is monotonic seconds; `clock` tells seconds since 1970."""

    def __init__(
        self, buffer: ReplayBuffer, *, heartbeat: float, clock: Callable[[], float]
    ) -> None:
        self._buffer = buffer
        self._heartbeat = heartbeat
        self._clock = clock
        self._feeds: dict[_Key, Feed] = {}
        self._merging: list[tuple[_Key, Feed]] = []

    def __len__(self) -> int:
        return len(self._feeds)

    @property
    def _room(self) -> int:
        """Bytes of frames that each feed may keep."""
        return min(RING_BYTES, RINGS_BYTES // max(1, len(self._feeds)))

    def __iter__(self) -> Iterator[Feed]:
        return iter(list(self._feeds.values()))

    def join(self, filter: Filter, seq: int, now: float) -> Feed:
        """Return the feed for a stream that has everything up to the event `seq`.

        Only with `every` may that not be the newest.
        """
        key: _Key = (filter, 0, None)
        if filter.every is not None:
            time = self._clock()
            window, ends = first_window(filter.every, time)
            key = filter, window.offset, seq
        feed = self._feeds.get(key)
        if feed is None and filter.every is None:
            feed = self._feeds[key] = Feed(filter, now)
        elif feed is None:
            feed = self._feeds[key] = Feed(filter, now, window=window)
            feed.delivered_seq = seq
            feed.schedule_end(ends, ends - time, now)
        return feed

    def drop_if_unused(self, feed: Feed) -> None:
        """Forget a feed that no stream is in."""
        if not feed.in_use:
            for key in [key for key, one in self._feeds.items() if one is feed]:
                del self._feeds[key]

    def take(self, batch: list[Encoded], now: float) -> Deliveries:
        """Remember the next events and make the frames that are to be sent because of them."""
        made = self._plain(batch, now)
        conflating = [feed for feed in self._feeds.values() if feed.window]
        if not conflating:
            self._buffer.add(batch)
            return made
        while batch:
            self._begin_windows(conflating, batch[0], now)
            end = min(feed.ends for feed in conflating if feed.ends is not None)
            # What is of the next period comes after the frame of this one.
            count = bisect_left(batch, end, key=_time_of)
            self._buffer.add(batch[:count])
            batch = batch[count:]
            if batch:
                over = [f for f in conflating if f.ends is not None and f.ends <= end]
                made += self.end_windows(over, now)
                conflating = [feed for feed in self._feeds.values() if feed.window]
        return made

    def end_windows(self, feeds: Iterable[Feed], now: float) -> Deliveries:
        """Make the frames of feeds whose period is over, and let pending ones grow."""
        keys = {id(feed): key for key, feed in self._feeds.items()}
        over: dict[_Key, Feed] = {}
        for feed in feeds:
            filter, offset, seq = keys[id(feed)]
            over[filter, offset, seq] = feed
            steady = self._feeds.get((filter, offset, None))
            if steady is not None:  # else it would miss what the pending one is sent
                over[filter, offset, None] = steady
        made: Deliveries = []
        same: dict[tuple[Filter, int], Frame] = {}
        for (filter, offset, seq), feed in over.items():
            # Subscribers with different seqs mostly lack the same events: equally many.
            news = self._buffer.newer_than(filter, feed.delivered_seq)
            feed.end_window(self._buffer.seq)
            if news:
                frame = same.get((filter, len(news)))
                if frame is None:
                    frame = same[filter, len(news)] = Frame(filter.wire(news))
                feed.send(frame, now, self._room)
                made.append((feed, frame))
            if seq is not None:
                del self._feeds[filter, offset, seq]
                if self._feeds.setdefault((filter, offset, None), feed) is not feed:
                    self._merging.append(((filter, offset, None), feed))
        return made

    def merge(self, move_parked: Callable[[Feed, Feed], None]) -> None:
        """Move the streams of feeds that have steady, once they have been sent their frames."""
        while self._merging:
            key, pending = self._merging.pop()
            steady = self._feeds.setdefault(key, pending)  # anew, if all of it have left meanwhile
            if steady is not pending:
                move_parked(pending, steady)
                for subscriber in list(pending.subscribers):
                    subscriber.switch_feed(steady)

    def due(self, now: float) -> Deliveries:
        """The frames that are due: what periods held back, and signs of life."""
        made = self.end_windows([f for f in self if f.due is not None and f.due <= now], now)
        silent = [f for f in self if f.last_frame_at + self._heartbeat <= now]
        if silent:
            data = {"time": round(self._clock(), 3)}
            made += self.send(Frame(control_event("heartbeat", data)), now, silent)
        return made

    def send(self, frame: Frame, now: float, feeds: Iterable[Feed] | None = None) -> Deliveries:
        """Send one frame to some feeds, or to all."""
        made = [(feed, frame) for feed in (self if feeds is None else feeds)]
        for feed, _ in made:
            feed.send(frame, now, self._room)
        return made

    def next_due(self) -> float:
        """When something is due, by the monotonic clock."""
        return min(
            (
                min(feed.last_frame_at + self._heartbeat, feed.due or math.inf)
                for feed in self._feeds.values()
            ),
            default=math.inf,
        )

    def _plain(self, batch: list[Encoded], now: float) -> Deliveries:
        made: Deliveries = []
        for feed in self._feeds.values():
            if feed.window is None:
                raw = feed.filter.wire(feed.filter.pick(batch))
                if raw:
                    frame = Frame(raw)
                    feed.send(frame, now, self._room)
                    made.append((feed, frame))
        return made

    def _begin_windows(self, feeds: list[Feed], first: Encoded, now: float) -> None:
        time = first.event.id.time if first.event.id else self._clock()
        for feed in feeds:
            feed.begin_window(time, now)


def _time_of(encoded: Encoded) -> float:
    return id_of(encoded).time
