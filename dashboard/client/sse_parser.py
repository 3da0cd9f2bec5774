"""Parse bytes of an event stream into events.

The rules are the WHATWG standard's, "Parsing an event stream" and "Interpreting an event stream"
(https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

import codecs
from collections.abc import Iterator
from typing import NamedTuple


class Message(NamedTuple):
    """One event as it came. `id` is its own; None without one."""

    event: str
    data: str
    id: str | None


class Parser:
    """Bytes of an event stream to events. `retry` is milliseconds, once the stream has said it."""

    def __init__(self) -> None:
        self.retry: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""
        self._event = ""
        self._id: str | None = None
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[Message]:
        """The events that a piece of the stream completes."""
        text = self._rest + self._decoder.decode(piece)
        # The LF of a CRLF may still be to come, and is no line of its own.
        held = "\r" if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = text.split("\n")
        self._rest = rest + held
        for line in lines:
            message = self._take(line)
            if message is not None:
                yield message

    def _take(self, line: str) -> Message | None:
        if not line:
            message = Message(self._event or "message", "\n".join(self._data), self._id)
            has_data = bool(self._data)
            self._event, self._id, self._data = "", None, []
            return message if has_data else None
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._event = value
        elif field == "data":
            self._data.append(value)
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdigit() and len(value) < 16:
            self.retry = int(value)
        return None
