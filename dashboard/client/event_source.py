"""Read an event stream over HTTP for as long as there is one, as a browser's EventSource does.

It comes back by itself, after the pause that the server has asked for, with the newest id in
Last-Event-ID, and follows redirects. Unlike a browser it never gives up on a server that it has
read from: a proxy's 502 during a restart is a pause like any other.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Self
from urllib.parse import urlsplit

from dashboard.client.http import BadRedirect, explanation, get, reason_of
from dashboard.client.sse_parser import Message, Parser

_CHUNK = 64 << 10
_CONNECT_SECONDS = 10.0
_LONGEST_PAUSE = 30.0  # of those that grow while a server is away
_LONGEST_RETRY = 3600.0  # whatever a server says
_AGAIN = (408, 425, 429)  # client errors that pass by themselves


class StreamRefused(Exception):
    """The server answers and gives no stream, or can't be trusted; the text says why."""


class EventSource:
    """The messages of a URL, one after the other, in the thread that iterates.

        with EventSource("https://wall.example/stream?events=cpu", token="…") as source:
            for message in source:
                print(message.event, json.loads(message.data)["percent"])

    `last_event_id` is the id that the next connection goes on after. `read_timeout`, seconds of
    silence after which a connection counts as dead, may be changed at any time.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        last_event_id: str = "",
        retry: float = 2.0,
        read_timeout: float | None = 60.0,
        context: ssl.SSLContext | None = None,
        on_error: Callable[[str, int], None] | None = None,
    ) -> None:
        """Nothing is sent yet.

        url:          of the stream, http or https. Raises ValueError for any other.
        token:        sent as `Authorization: Bearer`, to this origin only.
        retry:        seconds before it comes back, until the server says otherwise.
        read_timeout: None waits for ever. The standard recommends a comment each 15 s to servers.
        context:      of TLS; by default certificates are checked against the system's authorities.
        on_error:     called when a connection has ended or could not be made, with the reason and
                      how many in a row brought no stream for longer than a pause (0: this did).
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError(f"url={url!r}: wanted is one of http or https")
        if any(character in last_event_id for character in "\r\n\0"):
            raise ValueError(f"last_event_id={last_event_id!r}: an id has no CR, LF or NUL")
        self.last_event_id = last_event_id
        self.read_timeout = read_timeout
        self._url = url.partition("#")[0]
        self._headers: dict[str, str | bytes] = {
            "Accept": "text/event-stream",
            "Cache-Control": "no-store",
            **(headers or {}),
        }
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._retry = retry
        self._context = context
        self._on_error = on_error or (lambda reason, failures: None)
        self._was_open = False
        self._opened: float | None = None  # when the stream of this connection began
        self._failures = 0
        self._wait = 0.0  # seconds for which the server wants to be left alone
        self._closed = threading.Event()
        self._socket: socket.socket | None = None

    def __iter__(self) -> Iterator[Message]:
        """Yield the messages; ends at 204, or at `close`. Raises StreamRefused, EventTooLong."""
        for batch in self.batches():
            yield from batch

    def batches(self) -> Iterator[list[Message]]:
        """Yield messages as they come, those of one chunk together; otherwise as iterating does.

        StreamRefused is raised only before there ever was a stream.
        """
        pause = self._retry
        while not self._closed.is_set():
            self._opened = None
            try:
                yield from self._connect()
                reason = "the stream ended"
            except (OSError, http.client.HTTPException) as error:
                is_final = isinstance(error, ssl.SSLCertVerificationError | BadRedirect)
                reason = reason_of(error)
                if is_final and not self._was_open:
                    raise StreamRefused(f"{self._url}: {reason}") from None
            if self._closed.is_set():
                return
            if self._opened is not None and time.monotonic() - self._opened >= self._retry:
                self._failures, pause = 0, self._retry
            else:
                self._failures += 1
                longest = max(_LONGEST_PAUSE, self._retry)
                pause = min(max(pause * 1.5, self._retry), longest)
            self._on_error(reason, self._failures)
            self._closed.wait(max(pause, self._wait))

    def close(self) -> None:
        """End the iteration, from any thread: at once, or when an attempt to connect is over."""
        self._closed.set()
        sock = self._socket
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it has ended by itself

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _connect(self) -> Iterator[list[Message]]:
        headers = dict(self._headers)
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id.encode()
        self._wait = 0.0
        with get(self._url, headers, _CONNECT_SECONDS, self._context) as answer:
            if answer.is_stream:
                yield from self._read(answer.sock, answer.response)
            elif answer.response.status == 204:
                self._closed.set()
            else:
                self._refuse(answer.response)

    def _read(
        self, sock: socket.socket, response: http.client.HTTPResponse
    ) -> Iterator[list[Message]]:
        self._was_open, self._opened = True, time.monotonic()
        self._socket = sock
        parser = Parser(self.last_event_id)
        try:
            while not self._closed.is_set():
                sock.settimeout(self.read_timeout)
                chunk = response.read1(_CHUNK)
                if not chunk:
                    return
                messages = parser.feed(chunk)
                self.last_event_id = parser.last_event_id
                if parser.retry is not None:
                    self._retry = min(parser.retry, _LONGEST_RETRY * 1000) / 1000
                if messages:
                    yield messages
        finally:
            self._socket = None

    def _refuse(self, response: http.client.HTTPResponse) -> None:
        """Raise StreamRefused for an answer that stays, HTTPException for one that may pass."""
        wait = response.headers.get("Retry-After", "")
        if wait.isascii() and wait.isdigit() and len(wait) < 9:
            self._wait = min(float(wait), _LONGEST_RETRY)
        reason = f"an answer of the type {response.headers.get_content_type()}"
        if response.status != 200:
            reason = explanation(response.status, response.read(_CHUNK))
        if self._was_open or response.status >= 500 or response.status in _AGAIN:
            raise http.client.HTTPException(reason)
        raise StreamRefused(f"{self._url}: {reason}")
