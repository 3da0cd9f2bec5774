"""The hub: one tail of the log per worker, each event encoded once, one frame per feed.

A stream joins with no hole and no double because everything it needs is read in one step of the
event loop: the hub's position, the newest events and the feed's place in its ring. Whoever comes
back with an older id first reads the stretch between his id and the hub's position, from memory
where the hub still holds it, else from the log, and joins when the two meet.
"""

import math
import time
from collections.abc import Callable, Iterator

import gevent
from gevent.event import Event as Flag
from gevent.lock import Semaphore

from dashboard.admission import Admission
from dashboard.connections import SEND_BUFFER, Connections
from dashboard.event import Event, EventId, Unlogged
from dashboard.feed import Feed, Follower
from dashboard.filter import Filter
from dashboard.frame import Frame
from dashboard.instruments import Instruments
from dashboard.log import EventLog, LogUnavailable
from dashboard.recent import Recent
from dashboard.wire import NOWHERE, Encoded, control_event, id_of

_BATCH = 1000
_FRAME_BYTES = SEND_BUFFER // 4
_LOAD_SECONDS = 60.0
_LOOK_FOR_LAGGARDS = 5.0  # seconds between two looks for streams that have stopped reading
_STOP_SECONDS = 0.3  # that streams have to end by themselves
_SOON = 0.05  # seconds between two looks at an attempt to read a log that is away

Trouble = tuple[str, float]  # what is wrong with the log, and since when


class Hub:
    """The tail of the log in one worker, and the feeds that hang on it."""

    def __init__(
        self,
        log: EventLog,
        *,
        interval: float,
        heartbeat: float,
        retention: float,
        instruments: Instruments,
        most_streams: int,
        most_per_address: int = 0,
        most_feeds: int = 1_000_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`interval`, `heartbeat` and `retention` are seconds."""
        self.recent = Recent(retention=retention, clock=clock)
        self.ready = Flag()  # set once the newest events of the log are known
        self.stopping = False
        self._reading: Trouble | None = None
        self._logging: Trouble | None = None
        self._unlogged_of: set[str] = set()  # the hosts whose events could not be logged
        self._log = log
        self._interval = interval
        self._heartbeat = heartbeat
        self.admission = Admission(most_streams, instruments, most_per_address=most_per_address)
        self.most_feeds = most_feeds
        self._instruments = instruments
        self._clock = clock
        self._loaded = False
        self._feeds: dict[Filter, Feed] = {}
        self._timers_changed = Flag()
        self._pulling = Semaphore()
        self._connections = Connections(self._socket_closed)
        # One fan-out at a time: a long one lets go of the event loop in between.
        self._sending = Semaphore()

    # What runs in greenlets.

    def follow(self) -> None:
        """Tail the log for ever: read what is new, deliver it, wait to be woken."""
        pause = 0.05
        while True:
            outcome = self._try_to_pull() if self._reading is None else self._pull_beside()
            if isinstance(outcome, LogUnavailable):
                self._reading = _going_on(self._reading, str(outcome), self._clock())
                self.ready.set()  # streams go on with what comes unlogged
                self._take_unlogged(self._log.wait(pause))
                pause = min(pause * 2, max(self._interval, 1.0))
                continue
            self._reading, pause = None, 0.05
            if not outcome:
                self._take_unlogged(self._log.wait(self._interval))

    def _try_to_pull(self) -> bool | LogUnavailable:
        try:
            return self._pull()
        except LogUnavailable as error:
            return error

    def _pull_beside(self) -> bool | LogUnavailable:
        """The same while the log is away: what comes unlogged does not wait for the attempt."""
        attempt = gevent.spawn(self._try_to_pull)
        try:
            attempt.join(_SOON)
            while not attempt.ready():
                self._take_unlogged(self._log.wait(_SOON))
        finally:
            attempt.kill()
        outcome = attempt.value
        assert isinstance(outcome, bool | LogUnavailable), attempt.exception
        return outcome

    def keep_time(self) -> None:
        """Send heartbeats into silence, flush conflating feeds, close streams that lag.

        Streams whose right has expired are closed, too.
        """
        while True:
            for feed in [each for each in self._feeds.values() if each.has_expired(self._clock())]:
                self._end(feed)
            for feed in self._feeds.values():
                for follower in feed.laggards():
                    self.admission.count_dropped("lagging")
                    follower.cut()
            with self._sending:
                now = time.monotonic()
                self._write([(feed, self._timed_frame(feed, now)) for feed in self._due(now)])
            self._timers_changed.clear()
            times = [time.monotonic() + _LOOK_FOR_LAGGARDS]
            times += [self._next_time(feed) for feed in self._feeds.values()]
            times += self._ends()
            self._timers_changed.wait(max(0.001, min(times) - time.monotonic()))

    def _pull(self) -> bool:
        """Deliver what the log has after the position. Returns whether there may be more."""
        with self._pulling:
            if not self._loaded:
                self._load()
            elif self._reading is not None:
                self._tell_of_loss()
            batch = self._log.read_after(self.position, _BATCH)
            for number, piece in enumerate(_pieces(batch)):
                if number:
                    gevent.sleep(0)  # else a large batch would run the feeds' rings over
                self.deliver(piece)
            return len(batch) == _BATCH

    def _load(self) -> None:
        """Begin where the log ends, with its last minute in memory.

        After a restart everyone comes back at once, and nobody should have to read the log.
        """
        start = EventId.at(self._clock() - _LOAD_SECONDS)

        def read(log: EventLog) -> tuple[list[Encoded], list[Encoded]]:
            newest = log.latest()
            last = newest[-1].id if newest else None
            stretch: list[Event] = []
            first = start
            while last is not None and first <= last:
                batch = log.read_range(first, last, limit=_BATCH)
                stretch += batch
                if len(batch) < _BATCH:
                    break
                first = (batch[-1].id or last).following
            return [Encoded.of(event) for event in newest], [Encoded.of(e) for e in stretch]

        newest, stretch = self._log.look_back(read)
        after = start if stretch else id_of(newest[-1]) if newest else NOWHERE
        oldest = self._log.look_back(lambda log: log.oldest())
        if oldest is not None and after < oldest:
            after = oldest  # an id from before the log began is not covered
        self.recent.load(newest, stretch, after)
        self._loaded = True
        self.ready.set()

    def _tell_of_loss(self) -> None:
        """A log that was away may have come back without what it had: to all who watch a gap."""
        oldest = self._log.oldest()
        if self.position == NOWHERE or (oldest is not None and oldest <= self.position):
            return
        gap = control_event("gap", self.gap_since(self.position))
        self.recent.lose()
        now = time.monotonic()
        with self._sending:
            self._write([(feed, feed.send(gap, now)) for feed in self._feeds.values()])

    def deliver(self, batch: list[Event]) -> None:
        """Encode logged events once and hand them to every feed, in one step."""
        started = time.perf_counter()
        with self._sending:
            self._instruments.events.inc(len(batch))
            self._hand_out(batch)
        self._instruments.fan_out.observe(time.perf_counter() - started)
        if self._logging and not self._unlogged_of.isdisjoint(event.host for event in batch):
            self._logging = None

    def stop(self) -> None:
        """End every stream: each wakes up, sees `stopping`, and returns; a stuck one is cut."""
        self.stopping = True
        self.ready.set()
        for feed in self._feeds.values():
            feed.wake()
        self._connections.close_all()
        gevent.sleep(_STOP_SECONDS)
        for feed in list(self._feeds.values()):
            for follower in list(feed.followers):
                follower.cut()

    # What streams ask for.

    @property
    def problem(self) -> Trouble | None:
        """Why the log can't be read, or else why it takes nothing, and since when."""
        return self._reading or self._logging

    @property
    def position(self) -> EventId:
        """The id up to which everything has been delivered."""
        return self.recent.position

    def now(self) -> float:
        """The wall clock, in seconds since 1970."""
        return round(self._clock(), 3)

    def has_room_for(self, filter: Filter) -> bool:
        """Whether a stream with a filter that comes now finds or makes a feed for it."""
        if len(self._feeds) < self.most_feeds:
            return True
        return filter.from_now(self._clock(), self.position) in self._feeds

    def gap_since(self, after: EventId) -> dict[str, float]:
        """The data of a `gap`: what came after an id until now is not told."""
        start, end = after.time, round(self.now(), 3)
        return {"from": start, "to": end, "seconds": max(0, round(end - start, 3))}

    def join(self, filter: Filter) -> Follower:
        """Let the current greenlet follow the feed of a filter from its next frame on.

        Its stream has been told everything up to `position`. Give it back with `leave`.
        """
        now = self._clock()
        filter = filter.from_now(now, self.position)
        feed = self._feeds.get(filter)
        if feed is None:
            started = time.monotonic()
            due = None if filter.every is None else started + filter.remaining(now)
            feed = self._feeds[filter] = Feed(filter, started, due=due)
            self._instruments.feeds.inc()
            self._timers_changed.set()
        return Follower(feed)

    def leave(self, follower: Follower) -> None:
        """Take a stream out of its feed; the last one takes the feed with it."""
        follower.feed.followers.discard(follower)
        self._drop_if_unused(follower.feed)

    def park(self, descriptor: int, follower: Follower, form: int, address: str = "") -> None:
        """Take over a stream that is even with its feed; it is released when its socket closes.

        `form` is a sum of frame.CHUNKED and frame.GZIP; `address` is whose place it has.
        """
        assert follower.is_even
        self._connections.park(descriptor, follower.feed, form, address)
        follower.feed.followers.discard(follower)

    def covers(self, after: EventId, replay: float) -> bool:
        """Whether everything after an id can be told: it is of this log and recent enough.

        Reads the log when the id is older than what the hub holds. Raises LogUnavailable.
        """
        if self._clock() - after.time > replay:
            return False
        if after > self.position and not self._catches_up_with(after):
            return False
        if self.recent.covers(after):
            return True
        oldest = self._log.look_back(lambda log: log.oldest())
        return oldest is not None and after >= oldest

    def _catches_up_with(self, after: EventId) -> bool:
        """Whether an id is of the log though not read here yet: another worker was quicker."""
        newest = self._log.look_back(lambda log: log.newest())
        if newest is None or after > newest:
            return False
        while after > self.position:
            position = self.position
            self._pull()
            if self.position == position:
                break
        return after <= self.position

    def read_on(self, after: EventId, filter: Filter) -> tuple[list[Encoded], EventId]:
        """What the filter wants of the next stretch after an id, and the id where that ends.

        Whoever gets back the hub's own `position` has everything and, as long as it does not let
        go of the event loop in between, may join the feed. Raises LogUnavailable.
        """
        reached = self.position
        if self.recent.covers(after):
            batch = self.recent.since(after)
        else:
            batch = self._read_back(after, reached)
            if len(batch) == _BATCH:
                reached = id_of(batch[-1])
        return filter.pick(batch), reached

    # Inside.

    def _drop_if_unused(self, feed: Feed) -> None:
        if not feed.in_use and self._feeds.get(feed.filter) is feed:
            del self._feeds[feed.filter]
            self._instruments.feeds.dec()

    def _end(self, feed: Feed) -> None:
        """End the streams of a feed whose right is over."""
        feed.ended = True
        feed.wake()
        with self._sending:
            for descriptor in [fd for each in feed.parked.values() for fd in each]:
                self._connections.close(descriptor, "expired")

    def _socket_closed(self, feed: Feed, reason: str, address: str) -> None:
        if reason != "gone":
            self.admission.count_dropped(reason)
        self.admission.release(address)
        self._drop_if_unused(feed)

    def _read_back(self, after: EventId, last: EventId) -> list[Encoded]:
        first = after.following
        events = self._log.look_back(lambda log: log.read_range(first, last, limit=_BATCH))
        return [Encoded.of(event) for event in events]

    def _take_unlogged(self, announced: list[Unlogged]) -> None:
        for unlogged in announced:
            self._logging = _going_on(self._logging, unlogged.reason, self._clock())
            self._unlogged_of = {event.host for event in unlogged.events}
            self._instruments.unlogged.inc(len(unlogged.events))
            with self._sending:
                self._hand_out(unlogged.events)

    def _hand_out(self, events: list[Event]) -> None:
        """Make every feed's frame in one step with the hub's position, then write to sockets."""
        now = time.monotonic()
        batch = [Encoded.of(event) for event in events]
        for encoded in batch:
            self.recent.add(encoded)
        made = []
        for feed in self._feeds.values():
            had_due = feed.due
            made.append((feed, feed.take(batch, now)))
            if feed.due != had_due:
                self._timers_changed.set()
        self._write(made)

    def _write(self, made: list[tuple[Feed, Frame | None]]) -> None:
        frames = [(feed, frame) for feed, frame in made if frame is not None]
        self._instruments.frames.inc(len(frames))
        self._connections.write(frames)
        for feed in [feed for feed in self._feeds.values() if feed.has_grown()]:
            del self._feeds[feed.filter]
            grown = self._feeds.get(feed.filter.grown())
            if grown is None:
                feed.filter = feed.filter.grown()
                self._feeds[feed.filter] = feed
            else:
                self._connections.move(feed, grown)
                self._instruments.feeds.dec()

    def _next_time(self, feed: Feed) -> float:
        """When something is due in a feed, by the monotonic clock."""
        return min(feed.last_frame_at + self._heartbeat, feed.due or math.inf)

    def _ends(self) -> list[float]:
        """When the rights of feeds expire, by the monotonic clock."""
        ahead = time.monotonic() - self._clock()
        return [
            ahead + feed.filter.right.expires
            for feed in self._feeds.values()
            if feed.filter.right.expires is not None and not feed.ended
        ]

    def _due(self, now: float) -> list[Feed]:
        due = {id(feed): feed for feed in self._feeds.values() if self._next_time(feed) <= now}
        # A young feed that ends its first period moves to the grown one, which must have ended it.
        for feed in list(due.values()):
            first = feed.filter.first
            grown = self._feeds.get(feed.filter.grown()) if first is not None else None
            if grown is not None and first is not None and grown.holds(first):
                grown.due = now
                due[id(grown)] = grown
        return list(due.values())

    def _timed_frame(self, feed: Feed, now: float) -> Frame | None:
        """What is due in a feed: what it held back, or a sign of life."""
        if feed.due is not None and feed.due <= now:
            return feed.flush(now)
        if feed.last_frame_at + self._heartbeat <= now:
            return feed.send(control_event("heartbeat", {"time": self.now()}), now)
        return None


def _going_on(trouble: Trouble | None, reason: str, now: float) -> Trouble:
    return reason, trouble[1] if trouble else now


def _pieces(batch: list[Event]) -> Iterator[list[Event]]:
    """Cut a batch so that each piece's frame fits well into a socket's send buffer."""
    start, size = 0, 0
    for index, event in enumerate(batch):
        size += len(event.data) + 100
        if size > _FRAME_BYTES and index > start:
            yield batch[start:index]
            start, size = index, len(event.data) + 100
    if start < len(batch):
        yield batch[start:]
