"""A hub over any log, with no server and no greenlets: a test moves each of its parts itself."""

import json
from collections.abc import Callable

import gevent

from dashboard.client.sse_parser import Message, Parser
from dashboard.events.event import EventId
from dashboard.events.filter import Filter
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.streaming.feed import Lagging
from dashboard.streaming.hub import Hub
from dashboard.streaming.subscription import Stream
from dashboard.telemetry.counters import Instruments


class HandFedHub:
    """A worker's hub that reads its log when it is told to."""

    def __init__(self, log: EventLog, clock: Callable[[], float]) -> None:
        self.hub = Hub(
            log,
            interval=1,
            heartbeat=3600,
            retention=36000,
            instruments=Instruments(),
            most_streams=1000,
            clock=clock,
        )

    def pull(self) -> None:
        """Deliver all that the log has, as `Tail.follow` does."""
        tail = self.hub.tail
        while (outcome := tail._try_to_pull()) is True:
            pass
        tail._reading = ("away", 0.0) if isinstance(outcome, LogUnavailable) else None

    def stop(self) -> None:
        """End all streams."""
        self.hub.stop()


class ByHand:
    """A reader of one stream, which takes a step of it when it is told to."""

    def __init__(
        self,
        hub: Hub,
        after: EventId | None = None,
        *,
        every: float | None = None,
        replay: float = 300,
    ) -> None:
        filter = Filter(every=every)
        assert hub.admission.admit(filter=filter)
        self._hub = hub
        self._stream = Stream(
            hub,
            filter,
            after,
            0,
            {},
            replay=replay,
            retry=1000,
            parking=False,
            greeting=lambda scope: {},
        )
        self._parser = Parser()
        self._taking: gevent.Greenlet[[], bytes | None] | None = None
        self.messages: list[Message] = []

    @property
    def has_joined(self) -> bool:
        """True once it follows a feed."""
        return self._stream._subscriber is not None

    def step(self) -> bool:
        """Take one more block, if one is there; False at the end of the stream."""
        if self._taking is None:
            self._taking = gevent.spawn(self._next)
        while not self._taking.ready():
            if self._is_waiting:
                return True
            gevent.sleep(0)
        block, self._taking = self._taking.get(), None
        if block is not None:
            self.messages += self._parser.feed(block)
        return block is not None

    @property
    def is_even(self) -> bool:
        """True once it has taken every frame of the feed that it follows."""
        return self._is_waiting and (self._taking is None or not self._taking.ready())

    def park(self, descriptor: int) -> None:
        """Leave the stream to a socket; it must be even."""
        subscriber = self._stream._subscriber
        assert subscriber is not None
        self._hub.park(descriptor, subscriber, 0)
        self._stream._subscriber, self._stream._holds_slot = None, False
        self.close()

    def feed(self, block: bytes) -> None:
        """Take a block that came another way."""
        self.messages += self._parser.feed(block)

    @property
    def _is_waiting(self) -> bool:
        subscriber = self._stream._subscriber
        return subscriber is not None and subscriber.is_even and not self._hub.stopping

    def _next(self) -> bytes | None:
        try:
            return next(self._stream)
        except (StopIteration, Lagging):
            return None

    def join(self) -> "ByHand":
        """Take what it lacked."""
        while not self.has_joined:
            assert self.step()
        return self

    def close(self) -> None:
        """Leave."""
        if self._taking is not None:
            self._taking.kill()
        self._stream.close()

    def ids(self) -> list[EventId]:
        """The ids of the events that it got, in their order."""
        return [EventId.parse(each.id) for each in self.messages if each.id]

    def gaps(self) -> list[dict[str, float | None]]:
        """The data of what it was told is missing."""
        return [json.loads(each.data) for each in self.messages if each.event == "gap"]
