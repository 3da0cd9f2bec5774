"""The joining invariant of streaming/__init__.py, under any order of what may happen.

Each reader gets each event once and in order, or is told `gap` and then the newest of each name.
A reader with `every` gets the newest of each name at the end of each window, each event at most
once. Hypothesis looks for an order of appends, reads, joins, returns, lags, trims and losses in
which that does not hold.
"""

import socket
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from dashboard.client.sse_parser import Message
from dashboard.events.event import Event, EventId
from tests.support.hand_fed_hub import ByHand, HandFedHub
from tests.support.log_contract import Clock
from tests.support.memory_log import MemoryLog

pytestmark = pytest.mark.usefixtures("no_leaks")

NAMES = ("cpu", "load", "disk")
# Small, so that each bound is met within a few events.
BOUNDS: dict[str, Any] = {
    "catch_up.CHUNK": 700,
    "catch_up.MOST_CONFLATED": 2500,
    "catch_up._BATCH": 3,
    "catch_up._FIRST_BATCH": 2,
    "replay_buffer.LEAST_BYTES": 3000,
    "replay_buffer.MOST_BYTES": 6000,
    "tail.MOST_BYTES": 3000,
    "tail._BATCH": 4,
    "tail._FRAME_BYTES": 900,
    "shared_chunks._FEW": 1,
    "subscription._BLOCK": 1,
    "feed.RING": 4,
    "parked.RING": 4,
    "hub._STOP_SECONDS": 0,
}


@contextmanager
def small_bounds() -> Iterator[None]:
    patches = [patch(f"dashboard.streaming.{name}", value) for name, value in BOUNDS.items()]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


class Client:
    """A program that reads a stream, comes back with its last id, and knows what it is owed."""

    def __init__(self, machine: "Joining", after: EventId | None, every: float | None) -> None:
        self.machine = machine
        self.every = every
        self.last = after  # what it comes back with
        self.parked: socket.socket | None = None
        self.since = after  # `every`: the newest of each name above this are owed
        self.latest: dict[str, EventId] = {}  # `every`: what it has of each name
        self.begin()

    def begin(self) -> None:
        """Ask for what comes after the last id."""
        self.is_snapshot = self.last is None
        self.position = self.last or EventId(0, 0)
        self.snapshot: dict[str, EventId] = {}
        self.reader = ByHand(self.machine.fed.hub, self.last, every=self.every)
        self.taken = 0

    def step(self) -> bool:
        """Take some of what is there; False at the end of the stream."""
        if self.parked is not None:
            goes_on = self._receive(self.parked)
            joined = True
        else:
            joined = self.reader.has_joined
            goes_on = self.reader.step()
        messages, self.taken = self.reader.messages[self.taken :], len(self.reader.messages)
        for message in messages:
            self._take(message, joined=joined)
        if self.reader.has_joined and not joined:
            self._check_join()
        return goes_on

    def drain(self) -> bool:
        """Take all that is there, and check that nothing lacks; False at the end of the stream."""
        while not self.is_even:
            if not self.step():
                return False
        self._check_whole()
        return True

    @property
    def is_even(self) -> bool:
        """True once it has joined and taken every frame."""
        if self.parked is not None:
            return not self._is_readable()
        return self.reader.is_even

    def park(self) -> None:
        """Go on as a socket alone."""
        mine, theirs = socket.socketpair()
        for end in (mine, theirs):
            end.setblocking(False)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.reader.park(theirs.detach())
        self.parked = mine

    def leave(self) -> None:
        """Close the stream, with all that was not read."""
        self.reader.close()
        if self.parked is not None:
            self.parked.close()
            self.parked = None
            self.machine.fed.hub._connections._look()

    # Inside.

    def _is_readable(self) -> bool:
        assert self.parked is not None
        self.machine.fed.hub._connections._look()
        try:
            return bool(self.parked.recv(1, socket.MSG_PEEK)) or True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _receive(self, mine: socket.socket) -> bool:
        self.machine.fed.hub._connections._look()
        try:
            block = mine.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.reader.feed(block)
        return bool(block)

    def _take(self, message: Message, *, joined: bool) -> None:
        if message.event == "gap":
            self._take_gap(joined=joined)
        if not message.id:
            return
        event_id = EventId.parse(message.id)
        self.last = max(self.last or event_id, event_id)
        if self.every is not None:
            before = self.latest.get(message.event)
            assert before is None or before < event_id, "not twice, and in order"
            self.latest[message.event] = event_id
        elif self.is_snapshot:
            assert event_id not in self.snapshot.values()
            self.snapshot[message.event] = event_id
        else:
            assert event_id == self.machine.next_after(self.position), "each, once, in order"
            self.position = event_id

    def _take_gap(self, *, joined: bool) -> None:
        if joined:  # what comes next is the first after the loss, up to the next one
            later = [each for each in self.machine.losses if each >= self.position]
            self.position = min(later, default=self.position)
            return
        self.is_snapshot, self.snapshot = True, {}
        self.latest, self.since = {}, None

    def _check_join(self) -> None:
        if self.every is None and self.is_snapshot:
            assert self.snapshot == self.machine.newest, "the newest of each name"
            self.is_snapshot = False
            self.position = self.machine.fed.hub.position

    def _check_whole(self) -> None:
        if self.every is None:
            owed = self.machine.next_after(self.position)
            assert owed is None or owed > self.machine.fed.hub.position, "nothing lacks"


class Joining(RuleBasedStateMachine):
    """One log, one worker, and readers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self._bounds = small_bounds()
        self._bounds.__enter__()
        self.clock = Clock()
        self.log = MemoryLog(self.clock)
        self.newest: dict[str, EventId] = {}  # of what the worker has read
        self.fed = self.worker()
        self.clients: list[Client] = []
        self.given: list[EventId] = []  # all ids ever
        self.history: list[EventId] = []  # without those that were lost before they were read
        self.losses: list[EventId] = [EventId(0, 0)]  # the position at each
        self.number = 0

    def worker(self) -> HandFedHub:
        """Start a worker, and note what it reads."""
        fed = HandFedHub(self.log, self.clock)
        deliver = fed.hub.deliver

        def note(batch: list[Event]) -> None:
            self.newest |= {event.name or "": event.id for event in batch if event.id}
            deliver(batch)

        fed.hub.deliver = note  # type: ignore[method-assign]
        self.newest = {event.name or "": event.id for event in self.log.latest() if event.id}
        fed.pull()
        return fed

    def next_after(self, position: EventId) -> EventId | None:
        index = bisect_right(self.history, position)
        return self.history[index] if index < len(self.history) else None

    def append_some(self, count: int, size: int) -> None:
        events = []
        for _ in range(count):
            self.number += 1
            text = f'{{"number":{self.number},"text":"{"x" * size}"}}'
            events.append(Event("box", NAMES[self.number * 7 % 3], text))
        ids = self.log.append(events)
        self.given += ids
        self.history += ids

    def pull_all(self) -> None:
        self.fed.pull()

    def client(self, number: int) -> Client:
        return self.clients[number % len(self.clients)]

    # What happens to the log.

    @rule(count=st.integers(1, 6), size=st.sampled_from([0, 0, 300, 3000]))
    def append(self, count: int, size: int) -> None:
        self.append_some(count, size)

    @rule(count=st.integers(1, 6), size=st.sampled_from([0, 0, 300, 3000]))
    def append_and_read(self, count: int, size: int) -> None:
        self.append_some(count, size)
        self.pull_all()

    @rule()
    def read(self) -> None:
        self.pull_all()

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 40.0]))
    def let_time_pass(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(part=st.floats(0, 1))
    def trim(self, part: float) -> None:
        read = sum(1 for e in self.log.events if e.id and e.id <= self.fed.hub.position)
        del self.log.events[: round(read * part)]

    @rule()
    def lose_all(self) -> None:
        """The log is away for a while and comes back empty."""
        position = self.fed.hub.position
        self.log.is_away = True
        self.fed.pull()
        self.log.is_away = False
        self.log.events.clear()
        self.history = [event_id for event_id in self.history if event_id <= position]
        if position > EventId(0, 0):
            self.losses.append(position)
        self.pull_all()

    @rule()
    def end_windows(self) -> None:
        feeds = self.fed.hub._feeds
        due = [feed for feed in feeds if feed.due is not None]
        self.fed.hub._write(feeds.end_windows(due, time.monotonic()))

    @rule()
    def begin_anew(self) -> None:
        """The worker is replaced by another."""
        for client in self.clients:
            client.leave()
        self.fed.stop()
        self.fed = self.worker()
        # What is in the log no more it never reads.
        self.history = [event.id for event in self.log.events if event.id]
        for client in self.clients:
            client.begin()

    # What readers do.

    @precondition(lambda self: len(self.clients) < 5)
    @rule(
        back=st.none() | st.integers(0, 12),
        every=st.sampled_from([None, None, 2.0]),
    )
    def come(self, back: int | None, every: float | None) -> None:
        after = None if back is None or back >= len(self.given) else self.given[-1 - back]
        self.clients.append(Client(self, after, every))

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 4))
    def step(self, number: int) -> None:
        self._go(self.client(number), Client.step)

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 4), count=st.integers(1, 4))
    def step_while_more_comes(self, number: int, count: int) -> None:
        """The log is read in another thread; meanwhile the worker goes on."""

        def meanwhile() -> None:
            self.append_some(count, 0)
            self.pull_all()

        self.log.meanwhile = meanwhile
        self._go(self.client(number), Client.step)
        self.log.meanwhile = None

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 4))
    def take_all(self, number: int) -> None:
        self._go(self.client(number), Client.drain)

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 4))
    def park(self, number: int) -> None:
        client = self.client(number)
        if client.parked is None and client.is_even:
            client.park()

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 4))
    def come_back(self, number: int) -> None:
        self.client(number).leave()
        self.client(number).begin()

    def _go(self, client: Client, how: Any) -> None:
        if not how(client):  # it lagged and was closed
            client.leave()
            client.begin()

    def teardown(self) -> None:
        try:
            self.pull_all()
            for client in self.clients:
                while not client.drain():
                    client.leave()
                    client.begin()
            self.end_windows()
            for client in self.clients:
                while not client.drain():
                    client.leave()
                    client.begin()
                if client.every is not None:
                    since = client.since or EventId(0, 0)
                    for name, newest in self.newest.items():
                        assert newest <= since or client.latest.get(name) == newest, name
        finally:
            for client in self.clients:
                client.leave()
            self.fed.stop()
            self._bounds.__exit__(None, None, None)


TestJoining = pytest.mark.usefixtures("no_leaks")(Joining.TestCase)
TestJoining.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
