"""The feeds of a worker: who joins which, and what each is to be sent.

With `every=N` events are conflated: of each host and name the newest of a period of N seconds is
sent, all of them together at the period's end, so ids still only grow. That is what came since the
end of the period before and is still the newest, so a period costs nothing until it ends, however
many events there were.

Whoever comes has just been told the newest of everything, so he starts in a young feed, shared with
those who were told the same, whose first period goes on until N seconds are over. At its end all
have been told what the streams of the grown feed of its grid have been told, and move there.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from dashboard.events.encoded import Encoded, control_event, id_of
from dashboard.events.filter import Filter
from dashboard.streaming.conflation import first_period
from dashboard.streaming.feed import Feed
from dashboard.streaming.frame import Frame
from dashboard.streaming.replay_buffer import Recent

# Filter, phase of its periods, and of a young one up to which event its streams were told all.
_Key = tuple[Filter, int, int | None]
Made = list[tuple[Feed, Frame]]


class Feeds:
    """All feeds of a worker. `now` is monotonic seconds; `clock` tells seconds since 1970."""

    def __init__(self, recent: Recent, *, heartbeat: float, clock: Callable[[], float]) -> None:
        self._recent = recent
        self._heartbeat = heartbeat
        self._clock = clock
        self._feeds: dict[_Key, Feed] = {}
        self._merging: list[tuple[_Key, Feed]] = []

    def __len__(self) -> int:
        return len(self._feeds)

    def __iter__(self) -> Iterator[Feed]:
        return iter(list(self._feeds.values()))

    def join(self, filter: Filter, told: int, now: float) -> Feed:
        """The feed for a stream that was told everything up to the event of a number.

        Only with `every` may that not be the newest.
        """
        key: _Key = (filter, 0, None)
        if filter.every is not None:
            time = self._clock()
            grid, ends = first_period(filter.every, time)
            key = filter, grid.phase, told
        feed = self._feeds.get(key)
        if feed is None and filter.every is None:
            feed = self._feeds[key] = Feed(filter, now)
        elif feed is None:
            feed = self._feeds[key] = Feed(filter, now, grid=grid)
            feed.told = told
            feed.end_at(ends, ends - time, now)
        return feed

    def has(self, filter: Filter) -> bool:
        """Whether there is a feed of a filter."""
        return any(feed.filter == filter for feed in self._feeds.values())

    def drop_if_unused(self, feed: Feed) -> None:
        """Forget a feed that no stream is in."""
        if not feed.in_use:
            for key in [key for key, one in self._feeds.items() if one is feed]:
                del self._feeds[key]

    def take(self, batch: list[Encoded], now: float) -> Made:
        """Remember the next events and make the frames that are to be sent because of them."""
        made = self._plain(batch, now)
        with_periods = [feed for feed in self._feeds.values() if feed.grid]
        if not with_periods:
            self._recent.add(batch)
            return made
        while batch:
            self._begin_periods(with_periods, batch[0], now)
            end = min(feed.ends for feed in with_periods if feed.ends is not None)
            # What is of the next period comes after the frame of this one.
            count = bisect_left(batch, end, key=_time_of)
            self._recent.add(batch[:count])
            batch = batch[count:]
            if batch:
                over = [f for f in with_periods if f.ends is not None and f.ends <= end]
                made += self.end_periods(over, now)
                with_periods = [feed for feed in self._feeds.values() if feed.grid]
        return made

    def end_periods(self, feeds: Iterable[Feed], now: float) -> Made:
        """Make the frames of feeds whose period is over, and let young ones grow."""
        keys = {id(feed): key for key, feed in self._feeds.items()}
        over: dict[_Key, Feed] = {}
        for feed in feeds:
            filter, phase, told = keys[id(feed)]
            over[filter, phase, told] = feed
            grown = self._feeds.get((filter, phase, None))
            if grown is not None:  # else it would not have been told what the young one is
                over[filter, phase, None] = grown
        made: Made = []
        same: dict[tuple[Filter, int], Frame] = {}
        for (filter, phase, told), feed in over.items():
            # Those who were told up to different events mostly lack the same: as many.
            news = self._recent.newer(filter, feed.told)
            feed.end_period(self._recent.number)
            if news:
                frame = same.get((filter, len(news)))
                if frame is None:
                    frame = same[filter, len(news)] = Frame(filter.wire(news))
                feed.send(frame, now)
                made.append((feed, frame))
            if told is not None:
                del self._feeds[filter, phase, told]
                if self._feeds.setdefault((filter, phase, None), feed) is not feed:
                    self._merging.append(((filter, phase, None), feed))
        return made

    def merge(self, move_parked: Callable[[Feed, Feed], None]) -> None:
        """Move the streams of feeds that have grown, once they have been sent their frames."""
        while self._merging:
            key, young = self._merging.pop()
            grown = self._feeds.setdefault(key, young)  # anew, if all of it have left meanwhile
            if grown is not young:
                move_parked(young, grown)
                for follower in list(young.followers):
                    follower.move(grown)

    def due(self, now: float) -> Made:
        """The frames that are due: what periods held back, and signs of life."""
        made = self.end_periods([f for f in self if f.due is not None and f.due <= now], now)
        silent = [f for f in self if f.last_frame_at + self._heartbeat <= now]
        if silent:
            data = {"time": round(self._clock(), 3)}
            made += self.send(Frame(control_event("heartbeat", data)), now, silent)
        return made

    def send(self, frame: Frame, now: float, feeds: Iterable[Feed] | None = None) -> Made:
        """Send one frame to some feeds, or to all."""
        made = [(feed, frame) for feed in (self if feeds is None else feeds)]
        for feed, _ in made:
            feed.send(frame, now)
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

    def _plain(self, batch: list[Encoded], now: float) -> Made:
        made: Made = []
        for feed in self._feeds.values():
            if feed.grid is None:
                raw = feed.filter.wire(feed.filter.pick(batch))
                if raw:
                    frame = Frame(raw)
                    feed.send(frame, now)
                    made.append((feed, frame))
        return made

    def _begin_periods(self, feeds: list[Feed], first: Encoded, now: float) -> None:
        time = first.event.id.time if first.event.id else self._clock()
        for feed in feeds:
            feed.begin_period(time, now)


def _time_of(encoded: Encoded) -> float:
    return id_of(encoded).time
