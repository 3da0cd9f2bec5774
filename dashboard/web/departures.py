"""The readers of open event streams that have left, and a server that is to end.

A server notices that a reader has left only when it writes, and never tells the application that
it is about to stop. So one task looks at the sockets of all open streams a few times a second, and
at gunicorn's own note (`alive`) that its worker is to end. It runs while there are streams.
"""

import select
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

from gevent import monkey

from dashboard.web.event_pump import EventPump

_SECONDS = 0.25
# gevent's own poll knows no hang-ups; this one is never let wait.
_poll: Any = monkey.get_original("select", "poll")
_HANG_UP = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR | select.POLLNVAL


def socket_of(environ: Mapping[str, Any]) -> Any:
    """Return the socket of a WSGI request under gunicorn, werkzeug and waitress; None elsewhere.

    waitress hands out no socket, but a method of the channel that has it.
    """
    channel = getattr(environ.get("waitress.client_disconnected"), "__self__", None)
    known = (environ.get(f"{server}.socket") for server in ("gunicorn", "werkzeug"))
    return next((each for each in known if each is not None), getattr(channel, "socket", None))


def gunicorn_worker() -> Any:
    """Return the worker of gunicorn that this process is, by its signal handler; else None."""
    worker = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return worker if hasattr(worker, "alive") else None


class Departures:
    """Stops the pump of each reader that has left, and all when the server is to end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[EventPump, Any] = {}  # with the socket, where it is known
        self._stopped: set[EventPump] = set()  # at the last look
        self._task: threading.Thread | None = None

    def watch(self, pump: EventPump, socket: Any) -> None:
        """Watch a pump that has just started, until it is over."""
        with self._lock:
            self._watched[pump] = socket
            if self._task is None:
                self._task = threading.Thread(target=self._run, name="departures", daemon=True)
                self._task.start()

    def stop_all(self) -> None:
        """Stop every pump."""
        for pump in list(self._watched):
            pump.stop()

    def _run(self) -> None:
        while True:
            time.sleep(_SECONDS)
            with self._lock:
                for pump in [each for each in self._watched if each.is_over]:
                    del self._watched[pump]
                    self._stopped.discard(pump)
                if not self._watched:
                    self._task = None
                    return
            self._look()

    def _let_go(self, pump: EventPump) -> None:
        if pump not in self._stopped:
            self._stopped.add(pump)
            return
        # It had a whole turn to end by itself. What blocks it for longer is not ours to end.
        pump.interrupt()
        self._stopped.discard(pump)
        with self._lock:
            self._watched.pop(pump, None)

    def _look(self) -> None:
        worker = gunicorn_worker()
        is_ending = worker is not None and not worker.alive
        open_pumps: dict[int, EventPump] = {}
        poll = _poll()
        for pump, socket in list(self._watched.items()):
            if pump.is_stopped:
                self._let_go(pump)
                continue
            descriptor = -1 if socket is None else socket.fileno()
            if is_ending or (socket is not None and descriptor < 0):
                pump.stop()
            elif socket is not None:
                poll.register(descriptor, _HANG_UP)
                open_pumps[descriptor] = pump
        for descriptor, events in poll.poll(0):
            if events & _HANG_UP:
                open_pumps[descriptor].stop()
