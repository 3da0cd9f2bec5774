"""An iterator of events that runs beside its reader, one event ahead at most.

The reader can so send heartbeats while the iterator is silent, and can let go of it. In a process
that gevent has patched the iterator runs in a greenlet, which is killed when it is let go. Under
any other server it runs in a native thread, in which nothing of gevent may be left: an event loop
of its own would keep its descriptors. A thread can't be killed. It ends at its next event, and if
that doesn't come GeneratorExit is raised in it, which a call that blocks for longer (`time.sleep`,
a read) sees at its own end.
"""

import ctypes
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import gevent
from flask import copy_current_request_context, has_request_context
from gevent import monkey
from gevent._hub_local import get_hub_if_exists

from dashboard.events.sse import ServerSentEvent

_END: Final = object()


class EventPump:
    """Runs an iterator in a task of its own; `next` and `stop` are called by its reader.

    The queues are those of C, or gevent's: no lock is held while GeneratorExit may be raised.
    """

    def __init__(self, items: Iterable[Any], read_item: Callable[[Any], ServerSentEvent]) -> None:
        """`read_item` turns an item into what `next` returns, and may raise for a wrong one."""
        self._iterator: Iterator[Any] = iter(items)
        self._read_item = read_item
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()  # or _END
        self._may_go_on: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._is_in_iterator = False
        self._is_stopped = False
        self._task: _Greenlet | _Thread | None = None
        run: Callable[[], None] = self._run
        # The request is over, for Flask, by the time at which its response is sent.
        self._run_in_context = copy_current_request_context(run) if has_request_context() else run
        self.is_over = False  # the iterator has ended, and its `finally` has run

    def start(self) -> bool:
        """Begin to take events from the iterator; False if the pump was stopped before."""
        if self._is_stopped:
            return False
        task = _Greenlet if monkey.is_module_patched("threading") else _Thread
        self._task = task(self._run_in_context)
        return True

    def next(self, timeout: float) -> ServerSentEvent | None:
        """The next event, or None after `timeout` seconds. Raises StopIteration at the end."""
        try:
            item = self._events.get(timeout=timeout)
        except queue.Empty:
            return None
        if item is _END:
            self._events.put(_END)
            if self._error is not None:
                raise self._error
            raise StopIteration
        self._may_go_on.put(True)
        event: ServerSentEvent = item
        return event

    def stop(self) -> None:
        """End the stream and let go of the iterator; from any thread, as often as wanted."""
        if self._is_stopped:
            return
        self._is_stopped = True
        self._may_go_on.put(False)
        self._events.put(_END)
        if self._task is None:
            self._close_iterator()
            self.is_over = True
        elif self._is_in_iterator:
            self._task.stop()

    def interrupt(self) -> None:
        """Break off a thread's iterator that was stopped a while ago and does not end."""
        if self._is_in_iterator and self._task is not None:
            self._task.interrupt()

    @property
    def is_stopped(self) -> bool:
        """True once the stream has been let go."""
        return self._is_stopped

    def _run(self) -> None:
        try:
            if not self._is_stopped:
                self._pass_on()
        except (GeneratorExit, gevent.GreenletExit):
            pass
        except Exception as error:
            self._error = error
        finally:
            self._is_in_iterator = False
            try:
                self._close_iterator()
            finally:
                self.is_over = True
                self._events.put(_END)

    def _pass_on(self) -> None:
        may_go_on = True
        while may_go_on:
            self._is_in_iterator = True
            item = next(self._iterator, _END)
            self._is_in_iterator = False
            if item is _END:
                return
            self._events.put(self._read_item(item))
            may_go_on = self._may_go_on.get()

    def _close_iterator(self) -> None:
        close = getattr(self._iterator, "close", None)
        if close is not None:
            close()


class _Greenlet:
    """A task of the event loop of a patched process."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._greenlet = gevent.spawn(run)

    def stop(self) -> None:
        """Raise GreenletExit where it waits."""
        self._greenlet.kill(block=False)

    def interrupt(self) -> None:
        """Do nothing: it was killed."""


class _Thread:
    """A native thread that leaves no event loop behind, even if its iterator used gevent."""

    def __init__(self, run: Callable[[], None]) -> None:
        self._run = run
        self._thread = threading.Thread(target=self._guarded, name="event_stream", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Do nothing yet: most iterators end by themselves at their next event."""

    def interrupt(self) -> None:
        """Raise GeneratorExit in it as soon as it runs Python again."""
        if self._thread.ident is not None:
            ident = ctypes.c_ulong(self._thread.ident)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(GeneratorExit))

    def _guarded(self) -> None:
        try:
            self._run()
        finally:
            event_loop = get_hub_if_exists()
            if event_loop is not None:
                event_loop.destroy(destroy_loop=True)
