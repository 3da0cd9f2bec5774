"""Events of the log and of the protocol as their bytes on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from dashboard.event import Event, EventId
from dashboard.sse import ServerSentEvent, encode

NOWHERE = EventId(0, 0)  # before every event


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event of the log and its bytes, made once for all feeds."""

    event: Event
    wire: bytes

    @classmethod
    def of(cls, event: Event) -> "Encoded":
        event_id = None if event.id is None else str(event.id)
        return cls(event, encode(ServerSentEvent(event.data, event=event.name, id=event_id)))


def id_of(encoded: Encoded) -> EventId:
    """The id of an event; one that was not logged stands before all others."""
    return encoded.event.id or NOWHERE


def control_event(name: str, data: Mapping[str, object], *, retry: int | None = None) -> bytes:
    """The bytes of an event of the protocol itself; it has no id."""
    text = msgspec.json.encode(data).decode()
    return encode(ServerSentEvent(text, event=name, retry=retry))
