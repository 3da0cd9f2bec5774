"""A connection's socket as gunicorn gets it: bounded in what is read for a head, and in waiting.

Reads and writes that don't block cost nothing. One that does counts its connection as waiting for
its client, with a deadline (`connection_guard.py`). The head of an answer is held back until the
first piece of the body, so that both leave in one write.
"""

import ssl
import time
from typing import Any

import gevent
from gunicorn.http.errors import LimitRequestHeaders  # type: ignore[import-untyped]

from dashboard.server.connection import MOST_HEAD, Connection
from dashboard.server.connection_guard import ConnectionGuard

_LONG = 0.02  # seconds
_JOINED = 128 << 10  # bytes; a larger piece is not copied only to save a write
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class GuardedSocket:
    """Stands for a gevent socket, which it makes non-blocking; what it has not is the socket's."""

    def __init__(self, client: Any, connection: Connection, guard: ConnectionGuard) -> None:
        client.settimeout(0.0)
        self.connection = connection
        self.can_leave = not isinstance(client, ssl.SSLSocket)  # its descriptor is all there is
        self.has_waited = True  # since the last request, so that others had their turn
        self._socket = client
        self._guard = guard
        self._holds_next = False
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def setblocking(self, blocking: bool) -> None:
        """Do nothing: gunicorn's worker sets what it needs without a guard."""

    def begin_answer(self) -> None:
        """Hold the next `sendall`, which is the answer's head, until the one after it."""
        self._holds_next = True

    def end_answer(self) -> None:
        """Send a head that is still held: there was no body."""
        self._holds_next = False
        if self._held:
            self.sendall(b"")

    def drop_held(self) -> None:
        """Forget a head that was not sent: another answer takes its place."""
        self._holds_next = False
        self._held = b""

    def recv(self, size: int) -> bytes:
        """Read what has come; b"" at the end. Raises LimitRequestHeaders for a head without end."""
        left = self.connection.head_left
        if left is not None:
            if left == 0:
                raise LimitRequestHeaders(f"a head of more than {MOST_HEAD} bytes")
            size = min(size, left)
        try:
            data: bytes = self._socket.recv(size)
        except _WOULD_BLOCK:
            data = self._recv_later(size)
        if left is not None:
            self.connection.head_left = left - len(data)
        return data

    def sendall(self, data: bytes) -> None:
        """Write all of it. Raises OSError when the client takes too long."""
        if self._holds_next:
            self._holds_next = False
            self._held = data
            return
        if self._held:
            head, self._held = self._held, b""
            if len(data) > _JOINED:
                self.sendall(head)
            else:
                data = head + data
        try:
            sent = self._socket.send(data)
        except _WOULD_BLOCK:
            sent = 0
        if sent < len(data):
            rest = memoryview(data)[sent:]
            self._wait_for_reader(len(rest), self._socket.sendall, rest)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> Any:
        """Write a file, or `count` bytes of it."""
        self.end_answer()
        return self._wait_for_reader(count or 0, self._socket.sendfile, file, offset, count)

    def _recv_later(self, size: int) -> bytes:
        self.has_waited = True
        self._socket.settimeout(None)
        try:
            if self.connection.head_left is not None:  # it is waiting as it is
                data: bytes = self._socket.recv(size)
            else:
                with self._guard.awaiting_body(self.connection):
                    data = self._socket.recv(size)
        finally:
            self._socket.settimeout(0.0)
            _let_others_go_on()
        return data

    def _wait_for_reader(self, size: int, write: Any, *arguments: Any) -> Any:
        self.has_waited = True
        self._socket.settimeout(None)
        try:
            with self._guard.awaiting_reader(self.connection, size):
                return write(*arguments)
        finally:
            self._socket.settimeout(0.0)
            _let_others_go_on()


def _let_others_go_on() -> None:
    """Let the event loop look at its descriptors, if it has not for long.

    Thousands of clients that leave at once would be served before it does so again.
    """
    if time.time() - gevent.get_hub().loop.now() > _LONG:
        gevent.sleep(0)
