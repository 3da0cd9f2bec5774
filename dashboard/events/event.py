"""Event, event id, and the rules for names of events and hosts. Pure.

An id is a time, `<unix milliseconds>-<sequence>`, and a position in the log. The engine that
appends an event assigns it; ids only grow. Outside of the engines an id is compared, printed and
asked for its time, nothing else.
"""

import re
import reprlib
import unicodedata
from typing import Any, NamedTuple, Self, TypeVar

import msgspec

from dashboard.errors import ClientError
from dashboard.settings import HOST_PATTERN

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
HOST = re.compile(HOST_PATTERN)
ID = re.compile(r"(\d{1,15})-(\d{1,19})", re.ASCII)

# Names that the stream itself speaks with; nothing that is logged may carry one.
PROTOCOL_NAMES = frozenset({"hello", "gap", "heartbeat", "busy"})
# What EventSource calls an event without a name; filters use it, events never carry it.
UNNAMED = "message"


class EventId(NamedTuple):
    """A position in the log. Ordered by time, then by sequence."""

    ms: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `<unix milliseconds>-<sequence>`. Raises ValueError for any other text."""
        match = ID.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an event id (unix milliseconds, '-', sequence)")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def at(cls, seconds: float) -> Self:
        """Return the lowest id of a time (seconds since 1970)."""
        return cls(max(0, int(seconds * 1000)), 0)

    @property
    def following(self) -> Self:
        """The lowest id above this one."""
        return type(self)(self.ms, self.sequence + 1)

    @property
    def time(self) -> float:
        """Seconds since 1970."""
        return self.ms / 1000

    def __str__(self) -> str:
        return f"{self.ms}-{self.sequence}"


T = TypeVar("T")


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened: `data` is the text of a JSON object, `name` None if unnamed.

    `id` is None until a log has taken the event, and for ever if no log could.
    """

    host: str
    name: str | None
    data: str
    id: EventId | None = None


class Unpersisted(msgspec.Struct, frozen=True):
    """Events that a log could not take, for live readers only, and the reason."""

    reason: str
    events: list[Event]


def check_host(host: Any) -> str:
    """Return a host name from outside, its letters composed (NFC). Raises ClientError(422)."""
    host = composed(host) if isinstance(host, str) else host
    if not isinstance(host, str) or not HOST.fullmatch(host):
        raise ClientError(
            422,
            f"host={reprlib.repr(host)}: wanted is a host name of letters, digits, '.', '_' and "
            "'-', at most 253 characters",
            key="host",
        )
    return host


def composed(name: str) -> str:
    """Return a name with letters and their marks in one (NFC), so that what looks alike is."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


OBJECT = msgspec.json.Decoder(dict[str, Any])


def fields(data: str | msgspec.Raw, decoder: "msgspec.json.Decoder[T]") -> T | None:
    """Decode an event's data; None if it is not what the decoder is for.

    Every reader of logged data uses it: other programs may write to the log past HTTP, and names
    such as `alert` or `progress` may be published by anyone.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
