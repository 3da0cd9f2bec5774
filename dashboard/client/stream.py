"""A client of /stream that never gives up: it comes back with the last id, as browsers do."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

from dashboard.client.http import dial, explanation, reason_of
from dashboard.client.sse_parser import Message, Parser

_PIECE = 64 << 10
_CONNECT_SECONDS = 10.0
_LONGEST_PAUSE = 30.0
_RETRY = 2.0  # seconds, until the server says otherwise
_LONGEST_RETRY = 3600.0


class StreamRefused(Exception):
    """The server answers, and gives no stream; the text says why."""


class StreamReader:
    """The events of a Vitals, for ever."""

    def __init__(
        self,
        url: str,
        *,
        token: str,
        query: dict[str, str],
        last_event_id: str | None,
        say: Callable[[str], None],
    ) -> None:
        """`query` is that of /stream; `say` tells the operator of what is in the way, in a line."""
        path = urlsplit(url).path.rstrip("/") + "/stream"
        self._url = url
        self._target = f"{path}?{urlencode(query)}" if query else path
        self._headers = {"Accept": "text/event-stream"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._last_event_id = last_event_id
        self._say = say
        self._retry = _RETRY
        self._silence = 60.0  # seconds after which the connection counts as dead
        self._was_connected = False
        self._is_away = False

    def __iter__(self) -> Iterator[list[Message]]:
        """What comes, in pieces as it comes; ends only where the server says that all is done.

        Raises StreamRefused, if there was never a stream.
        """
        pause = self._retry
        while True:
            began = time.monotonic()
            connection = dial(self._url, _CONNECT_SECONDS)
            try:
                connection.connect()
                # A response that ends with its connection takes the socket away from that.
                sock = connection.sock
                response = self._open(connection)
                if response is None:
                    return
                yield from self._read(sock, response)
                reason = "the stream ended"
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, ssl.SSLCertVerificationError) and not self._was_connected:
                    raise StreamRefused(f"{self._url}: {reason_of(error)}") from None
                reason = reason_of(error)
            finally:
                connection.close()
            is_brief = time.monotonic() - began < self._retry
            if is_brief and not self._is_away:
                self._is_away = True
                self._say(f"{self._url}: {reason}; trying again")
            pause = min(pause * 1.5, max(_LONGEST_PAUSE, self._retry)) if is_brief else self._retry
            time.sleep(pause)

    def _open(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse | None:
        headers: dict[str, str | bytes] = dict(self._headers)
        if self._last_event_id:
            headers["Last-Event-ID"] = self._last_event_id.encode()
        connection.request("GET", self._target, headers=headers)
        response = connection.getresponse()
        if response.status == 204:
            return None
        kind = response.headers.get_content_type()
        if response.status == 200 and kind == "text/event-stream":
            return response
        reason = f"an answer of the type {kind}"
        if response.status != 200:
            reason = explanation(response.status, response.read(_PIECE))
        if self._was_connected or response.status >= 500 or response.status in (408, 429):
            raise http.client.HTTPException(reason)
        raise StreamRefused(f"{self._url}: {reason}")

    def _read(
        self, sock: socket.socket, response: http.client.HTTPResponse
    ) -> Iterator[list[Message]]:
        self._was_connected = True
        parser = Parser()
        with response:
            while True:
                sock.settimeout(self._silence)
                piece = response.read1(_PIECE)
                if not piece:
                    return
                messages = list(parser.feed(piece))
                if parser.retry is not None:
                    self._retry = min(parser.retry / 1000, _LONGEST_RETRY)
                for message in messages:
                    self._note(message)
                if messages:
                    yield messages

    def _note(self, message: Message) -> None:
        if message.id is not None:
            self._last_event_id = message.id
        if message.event == "hello":
            if self._is_away:
                self._say(f"{self._url}: there again")
            self._is_away = False
            try:
                heartbeat = float(json.loads(message.data)["heartbeat"])
            except (ValueError, KeyError, TypeError):
                return
            self._silence = 2 * heartbeat + 10
