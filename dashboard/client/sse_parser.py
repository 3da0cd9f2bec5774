"""Parse the bytes of an event stream.

The rules are the WHATWG standard's, "Parsing an event stream" and "Interpreting an event stream"
(https://html.spec.whatwg.org/multipage/server-sent-events.html):

- A line ends at CRLF, CR or LF. A CR ends it at once; an LF that begins the next chunk belongs to
  it. One BOM at the very start is dropped.
- An empty line ends a block. A block without a data field is no event, but an id in it counts.
- An id lasts until the next one; one with NUL in it is ignored. `retry` counts if it is digits.
- What no empty line follows when the stream ends is dropped, an id in it as well.

In one place browsers are followed, and not the standard's text: a stream that goes on begins with
the id that it goes on after, so that an event without an id does not make the client forget it.
"""

import codecs
from typing import NamedTuple

MOST_CHARACTERS = 64 << 20  # of one event


class Message(NamedTuple):
    """An event of a stream.

    `id` is its own, None without one. `last_event_id` is the newest one so far: keep it with what
    you made of the event, and go on from there.
    """

    event: str
    data: str
    id: str | None = None
    last_event_id: str = ""


class EventTooLong(Exception):
    """An event has more characters than a parser was told to hold."""


class Parser:
    """Turns chunks of bytes, cut anywhere, into messages; linear in what it is fed.

    `last_event_id` is what a client sends to go on where the stream has been read to. `retry` is
    the pause in milliseconds before it does so, None until the stream has said one.
    """

    def __init__(self, last_event_id: str = "", *, most: int = MOST_CHARACTERS) -> None:
        """`last_event_id` is the id that the stream goes on after, `most` bounds an event."""
        self.last_event_id = last_event_id
        self.retry: int | None = None
        self._most = most
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._is_after_cr = False
        self._begun: list[str] = []  # what there is of a line
        self._begun_length = 0
        self._event = ""
        self._id: str | None = None  # in this block
        self._data: list[str] = []
        self._data_length = 0
        self._id_buffer = last_event_id

    def feed(self, chunk: bytes) -> list[Message]:
        """Return the messages that a chunk completes. Raises EventTooLong."""
        text = self._decoder.decode(chunk)
        if not text:
            return []
        if self._is_after_cr:
            text = text.removeprefix("\n")
        self._is_after_cr = text.endswith("\r")
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        messages = []
        if lines:
            lines[0] = "".join([*self._begun, lines[0]])
            self._begun, self._begun_length = [], 0
            for line in lines:
                message = self._take_line(line)
                if message is not None:
                    messages.append(message)
        if rest:
            self._begun.append(rest)
            self._begun_length += len(rest)
            self._check_length()
        return messages

    def _take_line(self, line: str) -> Message | None:
        if not line:
            return self._end_block()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._data_length += len(value) + 1
            self._check_length()
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._id = self._id_buffer = value
        elif field == "retry" and value.isascii() and value.isdigit() and len(value) <= 4000:
            self.retry = int(value)
        return None

    def _end_block(self) -> Message | None:
        self.last_event_id = self._id_buffer
        message = None
        if self._data:
            data = "\n".join(self._data)
            message = Message(self._event or "message", data, self._id, self._id_buffer)
        self._event, self._id = "", None
        self._data, self._data_length = [], 0
        return message

    def _check_length(self) -> None:
        if self._data_length + self._begun_length > self._most:
            raise EventTooLong(f"an event has more than {self._most} characters")
