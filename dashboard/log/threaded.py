"""A blocking log engine behind gevent: every call that may block runs in a native thread.

Two threads with an engine each, so that a long look back (history, a stream that catches up) never
holds up an append or the tail.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

import gevent
from gevent import socket

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import EventLog, LogUnavailable
from dashboard.posix.native_thread import NativeThread, ThreadLost

if TYPE_CHECKING:  # an agent that writes elsewhere has no SQLite in memory
    from dashboard.log.sqlite.engine import SQLiteLog

T = TypeVar("T")


class ThreadedLog:
    """`EventLog` for greenlets, over an engine whose wake-ups come through a descriptor."""

    def __init__(self, open_engine: "Callable[[], SQLiteLog]") -> None:
        self._engine = open_engine()
        self._past_engine = self._engine.sibling()
        self._live = NativeThread()
        self._past = NativeThread()
        self._closed = False

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._run(lambda: self._engine.append(events))

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._run(lambda: self._engine.append_idempotent(key, body_digest, events))

    def read_after(self, after: EventId, limit: int) -> list[Event]:
        return self._run(lambda: self._engine.read_after(after, limit))

    def read_range(
        self,
        first: EventId,
        last: EventId,
        *,
        names: Iterable[str | None] | None = None,
        hosts: Iterable[str] | None = None,
        limit: int = 1000,
    ) -> list[Event]:
        return self._run(
            lambda: self._engine.read_range(first, last, names=names, hosts=hosts, limit=limit)
        )

    def latest(self) -> list[Event]:
        return self._run(self._engine.latest)

    def oldest(self) -> EventId | None:
        return self._run(self._engine.oldest)

    def newest(self) -> EventId | None:
        return self._run(self._engine.newest)

    def id_at(self, seconds: float) -> EventId:
        return self._engine.id_at(seconds)

    def time_of(self, event_id: EventId) -> float:
        return self._engine.time_of(event_id)

    @property
    def skipped(self) -> int:
        return self._engine.skipped

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        return run_log_call(self._past, lambda: read(self._past_engine))

    def wait(self, timeout: float) -> list[Unpersisted]:
        try:
            descriptor = self._engine.fileno()
        except OSError:
            gevent.sleep(timeout)
        else:
            try:
                socket.wait_read(descriptor, timeout=timeout)
            except TimeoutError:
                pass
        return self._engine.receive()

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self._engine.broadcast_unpersisted(unpersisted)

    def size(self) -> int:
        return self._engine.size()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            # The engines wait for the call that is under way, so they close in their threads.
            self._live.close(self._engine.close)
            self._past.close(self._past_engine.close)

    def _run(self, call: Callable[[], T]) -> T:
        return run_log_call(self._live, call)


def run_log_call(thread: NativeThread, call: Callable[[], T]) -> T:
    """Return or raise what a call of a log does in a native thread. Raises LogUnavailable."""
    try:
        return thread.run(call)
    except ThreadLost as error:
        raise LogUnavailable(str(error)) from None
