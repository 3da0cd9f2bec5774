"""Blocking calls of greenlets, made in a native thread of their own.

gevent's pool makes them. Where memory has run out it may lose a call: a thread that dies before it
begins stays in the pool's books, and a result may get lost on its way back. So each call notes by
itself that it has begun and what it came to, and whoever waits looks at that once a second.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

import gevent
from gevent.lock import Semaphore
from gevent.threadpool import ThreadPool

T = TypeVar("T")

BEGIN_SECONDS = 10.0  # in which a call begins, unless there was no memory for its thread
LOOK = 1.0  # seconds between two looks at a call


class ThreadLost(OSError):
    """A call got no thread, or its thread has ended without an answer."""


class Call(Generic[T]):
    """One call in a native thread."""

    def __init__(self, function: Callable[[], T], on_end: Callable[[], object]) -> None:
        self.is_lost = False  # gevent will never say that it is over
        self.signal: Any = None  # gevent's own result
        self._function: Callable[[], T] | None = function
        self._on_end: Callable[[], object] | None = on_end
        self._begun = self._ended = False  # as the thread says
        self._has_result = False  # as was seen here
        self._since = time.monotonic()  # when it was asked for, or its end was seen
        self._value: T | None = None
        self._error: BaseException | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is a result."""
        return self.is_lost or bool(self.signal.ready())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end; return False after `timeout` seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_over:
            left = LOOK if until is None else min(LOOK, until - time.monotonic())
            if left <= 0:
                return False
            self.signal.wait(left)
            self.check()
        return True

    def result(self) -> T:
        """Wait, and return or raise what the call does, once. Raises ThreadLost."""
        self.wait()
        if not self._ended:
            raise ThreadLost("no native thread, as without memory")
        if self._error is not None:
            raise self._error
        value, self._value = self._value, None  # it may be large, and is not kept until the next
        return value  # type: ignore[return-value]

    def check(self) -> None:
        """Give it up if it got lost. Once it is over the next call may begin."""
        if self._ended and not self._has_result:
            self._has_result, self._since = True, time.monotonic()
        if not self.is_over and (self._has_result or not self._begun):
            patience = LOOK if self._has_result else BEGIN_SECONDS
            self.is_lost = time.monotonic() - self._since > patience
        if self.is_over and self._on_end is not None:
            on_end, self._on_end = self._on_end, None
            on_end()

    def run(self) -> None:
        """Make the call; in the thread."""
        function, self._function = self._function, None
        if self.is_lost or function is None:
            return
        self._begun = True
        try:
            self._value = function()
        except BaseException as error:  # gevent would print its traceback, each time
            self._error = error
        finally:
            self._ended = True


class NativeThread:
    """A thread that makes one call after the other. For greenlets of one event loop."""

    def __init__(self) -> None:
        """Nothing is started before the first call."""
        self._pool: ThreadPool | None = None
        self._turn = Semaphore()
        self._call: Call[Any] | None = None

    def run(self, function: Callable[[], T]) -> T:
        """Return or raise what a call does. Raises ThreadLost."""
        return self.begin(function).result()

    def begin(self, function: Callable[[], T]) -> Call[T]:
        """Begin a call, after those before it. Raises RuntimeError where no thread starts."""
        while not self._turn.acquire(timeout=LOOK):
            if self._call is not None:
                self._call.check()
        if self._pool is not None and self._call is not None and self._call.is_lost:
            _abandon(self._pool)
            self._pool = None
        if self._pool is None:
            self._pool = ThreadPool(1)
        call = Call(function, self._turn.release)
        try:
            call.signal = self._pool.spawn(call.run)
        except BaseException:
            call.is_lost, self._call = True, None
            self._turn.release()
            raise
        self._call = call
        call.signal.rawlink(lambda _: call.check())
        return call

    def close(self, last: Callable[[], object] | None = None) -> None:
        """Make a last call, and end the thread once its call is over. Does not wait for one."""
        if last is not None:
            with suppress(ThreadLost):
                self.run(last)
        pool, self._pool = self._pool, None
        call, self._call = self._call, None
        if pool is None:
            return
        if call is not None and call.is_lost:
            _abandon(pool)
        elif call is None or call.is_over:
            pool.kill()
        else:
            call.signal.rawlink(lambda _: gevent.spawn(pool.kill))


def _abandon(pool: ThreadPool) -> None:
    """Let go of a pool that waits for a lost call; its thread ends if there is one."""
    pool.task_queue.put(None)  # type: ignore[arg-type]
    pool.fork_watcher.stop()
    pool.fork_watcher.close()
