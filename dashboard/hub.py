"""The hub: one tail of the log per worker, each event encoded once, one frame per feed.

A stream joins with no hole and no double because everything it needs is read in one step of the
event loop: the hub's position, the newest events and the feed's place in its ring. Whoever comes
back with an older id first reads the stretch between his id and what the hub has in memory from
the log, and is told the rest as he joins.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator

import gevent
from gevent.event import Event as Flag
from gevent.lock import Semaphore

from dashboard.admission import Admission
from dashboard.connections import Connections
from dashboard.event import Event, EventId, Unlogged
from dashboard.feed import Feed, Follower
from dashboard.feeds import Feeds, Made
from dashboard.filter import Filter
from dashboard.frame import Frame
from dashboard.instruments import Instruments
from dashboard.log import EventLog, LogUnavailable
from dashboard.log.reading import walk
from dashboard.recent import MOST_BYTES, Recent, cost
from dashboard.starts import Start, Starts
from dashboard.wire import NOWHERE, Encoded, control_event, id_of

logger = logging.getLogger(__name__)

_BATCH = 1000
_FRAME_BYTES = 256 << 10  # of a plain feed that wants everything
_LOAD_SECONDS = 60.0
_PROBE_SECONDS = 2.0
# Deliveries that may follow each other at once, and how many a second then. Many machines append
# all the time; what comes within such a moment goes out in one write to each client.
_BURST = 10
_DELIVERIES_PER_SECOND = 20.0
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
        self.turned_at = time.monotonic()  # when the tail last looked, whatever it found
        self._log = log
        self._interval = interval
        self.admission = Admission(most_streams, instruments, most_per_address=most_per_address)
        self.most_feeds = most_feeds
        self._instruments = instruments
        self._clock = clock
        self._loaded = False
        self._feeds = Feeds(self.recent, heartbeat=heartbeat, clock=clock)
        self._starts = Starts(self.recent)
        self._timers_changed = Flag()
        self._pulling = Semaphore()
        self._connections = Connections(self._socket_closed)
        # One fan-out at a time: a long one lets go of the event loop in between.
        self._sending = Semaphore()

    # What runs in greenlets.

    def follow(self) -> None:
        """Tail the log for ever: read what is new, deliver it, wait to be woken."""
        pause = 0.05
        pace = _Pace()
        while True:
            self.turned_at = time.monotonic()
            outcome = self._try_to_pull() if self._reading is None else self._pull_beside()
            if isinstance(outcome, LogUnavailable):
                if self._reading is None:
                    logger.warning("this worker can't read the log: %s", outcome)
                self._reading = _going_on(self._reading, str(outcome), self._clock())
                self.ready.set()  # streams go on with what comes unlogged
                self._take_unlogged(self._log.wait(pause))
                pause = min(pause * 2, max(self._interval, 1.0))
                continue
            if self._reading is not None:
                logger.warning("this worker reads the log again")
            self._reading, pause = None, 0.05
            if not outcome:
                self._take_unlogged(self._log.wait(self._interval))
                gevent.sleep(pace.pause())

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
        looked_at = 0.0
        while True:
            for feed in [each for each in self._feeds if each.has_expired(self._clock())]:
                self._end(feed)
            if time.monotonic() - looked_at >= _LOOK_FOR_LAGGARDS:
                looked_at = time.monotonic()
                self._cut_laggards()
            with self._sending:
                self._write(self._feeds.due(time.monotonic()))
            self._starts.forget()
            self._timers_changed.clear()
            now = time.monotonic()
            look_at = looked_at + _LOOK_FOR_LAGGARDS
            next_time = min(look_at, self._feeds.next_due(), self._next_end())
            self._timers_changed.wait(max(0.001, next_time - now))

    def _cut_laggards(self) -> None:
        for feed in self._feeds:
            for follower in feed.laggards():
                self.admission.count_dropped("lagging")
                follower.cut()

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
        """Begin where the log ends, with its last minute in memory, or as much as may be there.

        After a restart everyone comes back at once, and nobody should have to read the log.
        """

        def read(log: EventLog) -> tuple[list[Encoded], list[Encoded], EventId]:
            newest = [Encoded.of(event) for event in log.latest()]
            if not newest:
                return [], [], NOWHERE
            last = id_of(newest[-1])
            probe = [Encoded.of(e) for e in walk(log, EventId.at(last.time - _PROBE_SECONDS), last)]
            fitting = _PROBE_SECONDS * MOST_BYTES / max(1, sum(map(cost, probe)))
            start = EventId.at(max(self._clock() - _LOAD_SECONDS, last.time - fitting))
            stretch = [Encoded.of(event) for event in walk(log, start, last)]
            return newest, stretch, start if stretch else last

        newest, stretch, after = self._log.look_back(read)
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
        gap = Frame(control_event("gap", self.gap_since(self.position)))
        self.recent.lose()
        with self._sending:
            self._write(self._feeds.send(gap, time.monotonic()))

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
        for feed in self._feeds:
            feed.wake()
        self._connections.close_all()
        gevent.sleep(_STOP_SECONDS)
        for feed in self._feeds:
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
        return self._feeds.has(filter)

    def gap_since(self, after: EventId) -> dict[str, float]:
        """The data of a `gap`: what came after an id until now is not told."""
        start, end = after.time, round(self.now(), 3)
        return {"from": start, "to": end, "seconds": max(0, round(end - start, 3))}

    def start(self, filter: Filter, after: EventId | None) -> tuple[Start, Follower]:
        """What a stream lacks after an id, or the newest of all, and its place right behind that.

        An id is one that `recent` covers, or with `every` one that is covered at all. Give the
        follower back with `leave`.
        """
        if after is None:
            start = self._starts.newcomer(filter)
        else:
            start = self._starts.returning(filter, after)
        return start, self._join(filter, start.told)

    def join(self, filter: Filter) -> Follower:
        """Let the current greenlet follow the feed of a filter from its next frame on.

        It knows everything up to `position`. Give it back with `leave`.
        """
        return self._join(filter, self.recent.number)

    def _join(self, filter: Filter, told: int) -> Follower:
        count = len(self._feeds)
        follower = Follower(self._feeds.join(filter, told, time.monotonic()))
        if len(self._feeds) != count:
            self._instruments.feeds.set(len(self._feeds))
            self._timers_changed.set()
        return follower

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

    def is_far_behind(self, filter: Filter, after: EventId) -> bool:
        """Whether what a stream lacks after an id is not in memory, or too much for one block."""
        if not self.recent.covers(after):
            return True
        return self._starts.is_far_behind(filter, after)

    def piece(self, filter: Filter, after: EventId) -> tuple[Frame, EventId]:
        """The next piece of what a stream that is far behind lacks, and the id where it ends.

        Raises LogUnavailable.
        """
        if self.recent.covers(after):
            return self._starts.piece(filter, after)
        events, reached = self.read_on(after, filter)
        return Frame(filter.wire(events)), reached

    def read_on(self, after: EventId, filter: Filter) -> tuple[list[Encoded], EventId]:
        """What the filter wants of the next stretch after an id, and the id where that ends.

        Whoever gets back the hub's own `position` has everything and, as long as it does not let
        go of the event loop in between, may join the feed. Raises LogUnavailable.
        """
        reached = self.position
        if self.recent.covers(after):
            batch = self.recent.since(after)
        else:
            batch = self._read_back(after, reached, filter)
            if len(batch) == _BATCH:
                reached = id_of(batch[-1])
        return filter.pick(batch), reached

    # Inside.

    def _end(self, feed: Feed) -> None:
        """End the streams of a feed whose right is over."""
        feed.ended = True
        feed.wake()
        with self._sending:
            for descriptor in [fd for each in feed.parked.values() for fd in each]:
                self._connections.close(descriptor, "expired")

    def _next_end(self) -> float:
        """When the next right of a feed expires, by the monotonic clock."""
        ahead = time.monotonic() - self._clock()
        rights = [feed.filter.right for feed in self._feeds if not feed.ended]
        ends = [ahead + right.expires for right in rights if right.expires is not None]
        return min(ends, default=math.inf)

    def _socket_closed(self, feed: Feed, reason: str, address: str) -> None:
        if reason != "gone":
            self.admission.count_dropped(reason)
        self.admission.release(address)
        self._drop_if_unused(feed)

    def _drop_if_unused(self, feed: Feed) -> None:
        self._feeds.drop_if_unused(feed)
        self._instruments.feeds.set(len(self._feeds))

    def _read_back(self, after: EventId, last: EventId, filter: Filter) -> list[Encoded]:
        names, hosts = filter.logged_names, filter.hosts_among(self.recent.hosts())

        def read(log: EventLog) -> list[Event]:
            return log.read_range(after.following, last, names=names, hosts=hosts, limit=_BATCH)

        return [Encoded.of(event) for event in self._log.look_back(read)]

    def _take_unlogged(self, announced: list[Unlogged]) -> None:
        for unlogged in announced:
            self._logging = _going_on(self._logging, unlogged.reason, self._clock())
            self._unlogged_of = {event.host for event in unlogged.events}
            self._instruments.unlogged.inc(len(unlogged.events))
            with self._sending:
                self._hand_out(unlogged.events)

    def _hand_out(self, events: list[Event]) -> None:
        """Make every feed's frame in one step with the hub's position, then write to sockets."""
        self._write(self._feeds.take([Encoded.of(e) for e in events], time.monotonic()))
        if any(feed.grid for feed in self._feeds):
            self._timers_changed.set()

    def _write(self, made: Made) -> None:
        self._instruments.frames.inc(len(made))
        self._connections.write(made)
        self._feeds.merge(self._connections.move)
        self._instruments.feeds.set(len(self._feeds))


class _Pace:
    """So many deliveries at once, and then so many a second."""

    def __init__(self) -> None:
        self._left = float(_BURST)
        self._at = time.monotonic()

    def pause(self) -> float:
        """Seconds to wait before the next one."""
        now = time.monotonic()
        self._left = min(_BURST, self._left + (now - self._at) * _DELIVERIES_PER_SECOND) - 1
        self._at = now
        return max(0.0, -self._left / _DELIVERIES_PER_SECOND)


def _going_on(trouble: Trouble | None, reason: str, now: float) -> Trouble:
    return reason, trouble[1] if trouble else now


def _pieces(batch: list[Event]) -> Iterator[list[Event]]:
    """Cut a batch so that no frame is too large."""
    start, size = 0, 0
    for index, event in enumerate(batch):
        size += len(event.data) + 100
        if size > _FRAME_BYTES and index > start:
            yield batch[start:index]
            start, size = index, len(event.data) + 100
    if start < len(batch):
        yield batch[start:]
