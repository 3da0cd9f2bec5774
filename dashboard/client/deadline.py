"""A moment by which everything on some connections has happened, however slowly bytes come.

A socket's own timeout is for one call each: a server that sends a byte now and then, or redirects
for ever, would hold its reader for ever. Here each call gets what is left. Only the look-up of a
name has no end but the resolver's own.
"""

import http.client
import io
import socket
import time
from typing import Any, cast


class Deadline:
    """The moment, so many seconds from now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds until then. Raises TimeoutError when it has passed."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no whole answer after {self._seconds:g} s")
        return left

    def hold(self, connection: http.client.HTTPConnection) -> None:
        """Let a connection that is not made yet end by then, with all that is read from it."""
        connection.response_class = lambda sock, *given, **named: http.client.HTTPResponse(  # type: ignore[assignment]
            cast(socket.socket, _Bounded(sock, self)), *given, **named
        )
        connection._create_connection = self._connect  # type: ignore[attr-defined]

    def _connect(self, address: tuple[str, int], *_given: Any) -> socket.socket:
        """Return a connection to the first address of a name that takes one."""
        trouble: OSError | None = None
        for family, kind, number, _, place in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
            sock = socket.socket(family, kind, number)
            try:
                sock.settimeout(self.left())
                sock.connect(place)
            except OSError as error:
                sock.close()
                trouble = error
            else:
                return sock
        raise trouble or OSError("the name has no address")


class _Bounded:
    """What a response wants of a socket: its file."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reads(self._sock, self._deadline))


class _Reads(io.RawIOBase):
    """Reads a socket, each time for no longer than is left. It keeps the socket open."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._deadline.left())
        try:
            return self._file.readinto(buffer)
        except TimeoutError:
            self._deadline.left()
            raise

    def close(self) -> None:
        self._file.close()
        super().close()
