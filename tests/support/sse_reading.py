"""A reader of event streams, written from the WHATWG standard's algorithm and nothing else.

https://html.spec.whatwg.org/multipage/server-sent-events.html, sections "Parsing an event stream"
and "Interpreting an event stream". It is slow and literal on purpose: the tests hold both the
writer and the parsers of others against it.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple


class Received(NamedTuple):
    """What an EventSource hands to a page: the event's type, its data and its lastEventId."""

    type: str
    data: str
    id: str


@dataclass
class Reading:
    """The result of reading a whole stream."""

    events: list[Received]
    retries: list[int]
    last_event_id: str


def read(stream: bytes) -> Reading:
    text = stream.decode("utf-8", errors="replace")
    text = text.removeprefix("\ufeff")  # "one leading BOM, if any"
    lines = re.split(r"\r\n|\r|\n", text)
    lines.pop()  # What no line end follows is not a line; an unfinished block is discarded.

    reading = Reading([], [], "")
    data = event_type = id_buffer = ""
    for line in lines:
        if line == "":
            reading.last_event_id = id_buffer
            # Checked before the last LF goes, so that a lone "data:" is dispatched as "".
            if data != "":
                type_ = event_type or "message"
                reading.events.append(Received(type_, data.removesuffix("\n"), id_buffer))
            data = event_type = ""
            continue
        field, _, value = line.partition(":")  # With a colon in front the field is "": a comment.
        value = value.removeprefix(" ")
        if field == "event":
            event_type = value
        elif field == "data":
            data += value + "\n"
        elif field == "id":
            if "\0" not in value:
                id_buffer = value
        elif field == "retry" and re.fullmatch("[0-9]+", value):
            reading.retries.append(int(value))
    return reading
