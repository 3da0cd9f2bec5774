"""A blocking log engine behind gevent: every call that may block runs in a native thread.

Two threads with an engine each, so that a long look back (history, a stream that catches up) never
holds up an append or the tail. Appends that wait while one is under way are logged together.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

import gevent
from gevent import socket
from gevent.event import AsyncResult

from dashboard.events.event import Event, EventId, Unpersisted
from dashboard.log.contract import Batch, EventLog, LogUnavailable
from dashboard.log.native_calls import run_log_call
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.posix.native_thread import BEGIN_SECONDS, LOOK, NativeThread

P = ParamSpec("P")
T = TypeVar("T")

# While appends come side by side that have few events together, the next ones are waited for: each
# transaction is handed over to the thread and back, which costs as much as fifty events.
_GATHER_SECONDS = 0.003
_FEW = 50  # events


def _in_thread(
    method: Callable[Concatenate[SQLiteLog, P], T],
) -> "Callable[Concatenate[ThreadedLog, P], T]":
    @wraps(method)
    def call(log: "ThreadedLog", /, *arguments: P.args, **keywords: P.kwargs) -> T:
        own: Callable[P, T] = getattr(log.engine, method.__name__)  # a subclass may have its own
        return run_log_call(log.live, lambda: own(*arguments, **keywords))

    return call


class ThreadedLog:
    """`EventLog` for greenlets, over an engine whose wake-ups come through a descriptor."""

    def __init__(self, open_engine: Callable[[], SQLiteLog]) -> None:
        self.engine = open_engine()
        self.live = NativeThread()
        self._past_engine = self.engine.sibling()
        self._past = NativeThread()
        self._waiting: list[tuple[Batch, AsyncResult[list[EventId]]]] = []
        self._appending: gevent.Greenlet[[], None] | None = None
        self._has_begun = False  # as without memory a greenlet may never begin
        self._asked_at = 0.0
        self._closed = False
        self._gathers = False

    def append(self, events: Sequence[Event]) -> list[EventId]:
        return self._append(Batch(events))

    def append_idempotent(
        self, key: str, body_digest: str, events: Sequence[Event]
    ) -> list[EventId]:
        return self._append(Batch(events, key, body_digest))

    read_after = _in_thread(SQLiteLog.read_after)
    read_range = _in_thread(SQLiteLog.read_range)
    latest = _in_thread(SQLiteLog.latest)
    oldest = _in_thread(SQLiteLog.oldest)
    newest = _in_thread(SQLiteLog.newest)
    kept = _in_thread(SQLiteLog.kept)
    keep = _in_thread(SQLiteLog.keep)

    def id_at(self, seconds: float) -> EventId:
        return self.engine.id_at(seconds)

    def time_of(self, event_id: EventId) -> float:
        return self.engine.time_of(event_id)

    @property
    def skipped(self) -> int:
        return self.engine.skipped

    def with_reader(self, read: Callable[[EventLog], T]) -> T:
        return run_log_call(self._past, lambda: read(self._past_engine))

    def wait(self, timeout: float) -> list[Unpersisted]:
        try:
            descriptor = self.engine.fileno()
        except OSError:
            gevent.sleep(timeout)
        else:
            try:
                socket.wait_read(descriptor, timeout=timeout)
            except TimeoutError:
                pass
        return self.engine.receive()

    def broadcast_unpersisted(self, unpersisted: Unpersisted) -> None:
        self.engine.broadcast_unpersisted(unpersisted)

    def size(self) -> int:
        return self.engine.size()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            # The engines wait for the call that is under way, so they close in their threads.
            self.live.close(self.engine.close)
            self._past.close(self._past_engine.close)

    def _append(self, batch: Batch) -> list[EventId]:
        outcome: AsyncResult[list[EventId]] = AsyncResult()
        entry = (batch, outcome)
        self._waiting.append(entry)
        while True:
            self._have_appended()
            outcome.wait(LOOK)
            if outcome.ready():
                ids = outcome.get()
                assert ids is not None
                return ids
            if self._appending is None and all(each is not entry for each in self._waiting):
                raise LogUnavailable("an append was lost, as without memory")

    def _have_appended(self) -> None:
        """Have logged what waits, apart from whoever asked, who may be killed meanwhile."""
        now = time.monotonic()
        is_lost = not self._has_begun and now - self._asked_at > BEGIN_SECONDS
        if self._appending is None or is_lost:
            self._asked_at, self._has_begun = now, False
            self._appending = gevent.spawn(self._append_waiting)

    def _append_waiting(self) -> None:
        """Log what waits, all of it together, until nothing does."""
        self._has_begun = True
        try:
            while self._waiting:
                if self._gathers:
                    gevent.sleep(_GATHER_SECONDS)
                group, self._waiting = self._waiting, []
                events = sum(len(batch.events) for batch, _ in group)
                self._gathers = len(group) > 1 and events < _FEW
                for (_, outcome), result in zip(group, self._log_group(group), strict=True):
                    if isinstance(result, Exception):
                        outcome.set_exception(result)
                    else:
                        outcome.set(result)
        finally:
            self._appending = None

    def _log_group(
        self, group: Sequence[tuple[Batch, object]]
    ) -> Sequence[list[EventId] | Exception]:
        batches = [batch for batch, _ in group]
        try:
            return run_log_call(self.live, partial(_append_each, self.engine, batches))
        except Exception as error:  # no thread makes the call
            return [error] * len(batches)


def _append_each(
    engine: SQLiteLog, batches: Sequence[Batch]
) -> Sequence[list[EventId] | Exception]:
    """Return the ids of each batch, or the reason why it could not be logged."""
    try:
        return engine.append_all(batches)
    except LogUnavailable as error:
        return [error] * len(batches)
    except Exception as error:
        if len(batches) == 1:
            return [error]
        # It is the fault of one of them, which the others must not have to bear.
        return [result for batch in batches for result in _append_each(engine, [batch])]
