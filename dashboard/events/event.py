"""Event, ids and names: what everything in Vitals is made of.

An id is a time, `<unix milliseconds>-<sequence>`: the log engine that appends an event gives it,
ids only grow, and whoever holds one knows where in the log he stands. Outside the engines an id
is compared, printed and asked for its time, nothing else.
"""

import re
import reprlib
from typing import Any, NamedTuple, Self

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
        """Read the form `<unix milliseconds>-<sequence>`. Raises ValueError for any other."""
        match = ID.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an event id (unix milliseconds, '-', sequence)")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def at(cls, seconds: float) -> Self:
        """The lowest id of a time (seconds since 1970)."""
        return cls(max(0, int(seconds * 1000)), 0)

    @property
    def following(self) -> Self:
        """The lowest id above it."""
        return type(self)(self.ms, self.sequence + 1)

    @property
    def time(self) -> float:
        """Seconds since 1970."""
        return self.ms / 1000

    def __str__(self) -> str:
        return f"{self.ms}-{self.sequence}"


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened: `data` is the text of a JSON object, `name` None if unnamed.

    `id` is None until a log has taken the event, and for ever if no log could.
    """

    host: str
    name: str | None
    data: str
    id: EventId | None = None


class Unpersisted(msgspec.Struct, frozen=True):
    """Events that a log could not take, for those who watch now, and the reason."""

    reason: str
    events: list[Event]


def check_host(host: Any) -> str:
    """The name of a machine, as somebody has sent it. Raises ClientError."""
    if not isinstance(host, str) or not HOST.fullmatch(host):
        raise ClientError(
            422,
            f"host={reprlib.repr(host)}: wanted is a host name of letters, digits, '.', '_' and "
            "'-', at most 253 characters",
            key="host",
        )
    return host
