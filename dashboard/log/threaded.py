"""A blocking log engine behind gevent: every call that may block runs in a native thread.

Two threads with an engine each, so that a long look back (history, a stream that catches up) never
holds up an append or the tail.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import gevent
from gevent import socket

from dashboard.events.event import EventId, Unpersisted
from dashboard.log.contract import EventLog
from dashboard.log.native_calls import run_log_call
from dashboard.log.sqlite.engine import SQLiteLog
from dashboard.posix.native_thread import NativeThread

P = ParamSpec("P")
T = TypeVar("T")


def _in_thread(
    method: Callable[Concatenate[SQLiteLog, P], T],
) -> "Callable[Concatenate[ThreadedLog, P], T]":
    @wraps(method)
    def call(log: "ThreadedLog", /, *arguments: P.args, **keywords: P.kwargs) -> T:
        return run_log_call(log.live, lambda: method(log.engine, *arguments, **keywords))

    return call


class ThreadedLog:
    """`EventLog` for greenlets, over an engine whose wake-ups come through a descriptor."""

    def __init__(self, open_engine: Callable[[], SQLiteLog]) -> None:
        self.engine = open_engine()
        self.live = NativeThread()
        self._past_engine = self.engine.sibling()
        self._past = NativeThread()
        self._closed = False

    append = _in_thread(SQLiteLog.append)
    append_idempotent = _in_thread(SQLiteLog.append_idempotent)
    read_after = _in_thread(SQLiteLog.read_after)
    read_range = _in_thread(SQLiteLog.read_range)
    latest = _in_thread(SQLiteLog.latest)
    oldest = _in_thread(SQLiteLog.oldest)
    newest = _in_thread(SQLiteLog.newest)

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
