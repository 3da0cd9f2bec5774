"""The hub of a worker: each event encoded once, one frame per feed.

A stream joins with no hole and no double because everything it needs is read in one step of the
event loop: the hub's position, the newest events and the feed's place in its ring. Whoever comes
back with an older id first reads the stretch between his id and what the hub has in memory from
the log, and is told the rest as he joins.
"""

import math
import time
from collections.abc import Callable, Container

import gevent
from gevent.event import Event as Flag
from gevent.lock import Semaphore

from dashboard.events.encoded import LOG_START, Encoded, control_event
from dashboard.events.event import Event, EventId
from dashboard.events.filter import Filter
from dashboard.log.contract import EventLog
from dashboard.streaming.catch_up import Replay
from dashboard.streaming.feed import Feed, Subscriber
from dashboard.streaming.feed_registry import Deliveries, FeedRegistry
from dashboard.streaming.frame import Frame
from dashboard.streaming.limits import Admission
from dashboard.streaming.parked import Connections
from dashboard.streaming.replay_buffer import ReplayBuffer
from dashboard.streaming.tail import Tail, Trouble
from dashboard.telemetry.counters import Instruments

_SLOW_CONSUMER_CHECK = 5.0  # seconds between two looks for streams that have stopped reading
_STOP_SECONDS = 0.3  # that streams have to end by themselves


class Hub:
    """The feeds of one worker, which hang on its tail of the log."""

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
        self.replay_buffer = ReplayBuffer(retention=retention)
        self.tail = Tail(log, self, interval=interval, clock=clock)
        self.ready = self.tail.ready  # set once the newest events of the log are known
        self.stopping = False
        self.admission = Admission(
            most_streams, instruments, most_per_address=most_per_address, most_feeds=most_feeds
        )
        self._instruments = instruments
        self._log = log
        self._clock = clock
        self._feeds = FeedRegistry(self.replay_buffer, heartbeat=heartbeat, clock=clock)
        instruments.feeds.set_function(lambda: len(self._feeds))
        self.replay = Replay(log, self.replay_buffer, self.tail, clock=clock)
        self._timers_changed = Flag()
        self._connections = Connections(self._socket_closed)
        # One fan-out at a time: a long one lets go of the event loop in between.
        self._sending = Semaphore()

    # What runs in greenlets.

    def run_timers(self) -> None:
        """Send heartbeats into silence, flush conflating feeds, close streams that lag.

        Streams whose right has expired are closed, too.
        """
        looked_at = 0.0
        while True:
            for feed in [each for each in self._feeds if each.has_expired(self._clock())]:
                self._end(feed)
            if time.monotonic() - looked_at >= _SLOW_CONSUMER_CHECK:
                looked_at = time.monotonic()
                self._abort_slow_consumers()
            with self._sending:
                self._write(self._feeds.due(time.monotonic()))
            self.replay.forget()
            self._timers_changed.clear()
            now = time.monotonic()
            look_at = looked_at + _SLOW_CONSUMER_CHECK
            next_time = min(look_at, self._feeds.next_due(), self._next_end())
            self._timers_changed.wait(max(0.001, next_time - now))

    def _abort_slow_consumers(self) -> None:
        for feed in self._feeds:
            for subscriber in feed.slow_consumers():
                self.admission.count_dropped("lagging")
                subscriber.abort()

    def deliver(self, batch: list[Event]) -> None:
        """Encode logged events once and hand them to every feed, in one step."""
        started = time.perf_counter()
        with self._sending:
            self._instruments.events.inc(len(batch))
            self._hand_out(batch)
        self._instruments.fan_out.observe(time.perf_counter() - started)

    def deliver_unpersisted(self, events: list[Event]) -> None:
        """The same with events that the log could not take: without ids."""
        self._instruments.unlogged.inc(len(events))
        with self._sending:
            self._hand_out(events)

    def report_loss(self) -> None:
        """The log has lost what was delivered: to all who watch a gap."""
        gap = Frame(control_event("gap", self.gap_since(self.position)))
        self.replay_buffer.lose()
        with self._sending:
            self._write(self._feeds.send(gap, time.monotonic()))

    def stop(self) -> None:
        """End every stream: each wakes up, sees `stopping`, and returns; a stuck one is cut."""
        self.stopping = True
        self.ready.set()
        for feed in self._feeds:
            feed.wake()
        self._connections.close_all()
        gevent.sleep(_STOP_SECONDS)
        for feed in self._feeds:
            for subscriber in list(feed.subscribers):
                subscriber.abort()

    # What streams ask for.

    @property
    def problem(self) -> Trouble | None:
        """Why the log can't be read, or else why it takes nothing, and since when."""
        return self.tail.problem

    @property
    def position(self) -> EventId:
        """The id up to which everything has been delivered."""
        return self.replay_buffer.position

    def now(self) -> float:
        """The wall clock, in seconds since 1970."""
        return round(self._clock(), 3)

    def gap_since(self, after: EventId) -> dict[str, float | None]:
        """Return the data of a `gap`: what came between an id and now is not sent.

        After LOG_START nobody knows since when, so `from` and `seconds` are None.
        """
        end = round(self.now(), 3)
        if after == LOG_START:
            return {"from": None, "to": end, "seconds": None}
        start = round(self._log.time_of(after), 3)
        return {"from": start, "to": end, "seconds": max(0, round(end - start, 3))}

    def join(self, filter: Filter, seq: int | None = None) -> Subscriber:
        """Let the current greenlet follow the feed of a filter from its next frame on.

        It has everything up to the event `seq`, which may be another than the newest only with
        `every`; None stands for the newest. Give it back with `leave`.
        """
        count = len(self._feeds)
        seq = self.replay_buffer.seq if seq is None else seq
        subscriber = Subscriber(self._feeds.join(filter, seq, time.monotonic()))
        if len(self._feeds) != count:
            self._timers_changed.set()
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Take a stream out of its feed; the last one takes the feed with it."""
        subscriber.feed.subscribers.discard(subscriber)
        self._feeds.drop_if_unused(subscriber.feed)

    def park(self, descriptor: int, subscriber: Subscriber, form: int, address: str = "") -> None:
        """Take over a stream that is even with its feed; it is released when its socket closes.

        `form` is a sum of frame.CHUNKED and frame.GZIP; `address` is whose place it has.
        """
        assert subscriber.is_even
        self._connections.park(descriptor, subscriber.feed, form, address)
        subscriber.feed.subscribers.discard(subscriber)

    def end_links(self, revoked: Container[str]) -> None:
        """End the streams of links, by their ids."""
        for feed in self._feeds:
            if feed.filter.scope.link in revoked and not feed.ended:
                self._end(feed)

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
        scopes = [feed.filter.scope for feed in self._feeds if not feed.ended]
        ends = [ahead + scope.expires for scope in scopes if scope.expires is not None]
        return min(ends, default=math.inf)

    def _socket_closed(self, feed: Feed, reason: str, address: str) -> None:
        if reason != "gone":
            self.admission.count_dropped(reason)
        self.admission.release(address, feed.filter)
        self._feeds.drop_if_unused(feed)

    def _hand_out(self, events: list[Event]) -> None:
        """Make every feed's frame in one step with the hub's position, then write to sockets."""
        self._write(self._feeds.take([Encoded.of(e) for e in events], time.monotonic()))
        if any(feed.window for feed in self._feeds):
            self._timers_changed.set()

    def _write(self, made: Deliveries) -> None:
        self._instruments.frames.inc(len(made))
        self._connections.write(made)
        self._feeds.merge(self._connections.move)
