"""Encoded events: log events and protocol events as Server-Sent Events bytes. Pure."""

from collections.abc import Mapping

import msgspec

from dashboard.events.batch import item
from dashboard.events.event import Event, EventId
from dashboard.events.projection import project, projection_for
from dashboard.events.sse import ServerSentEvent, encode

LOG_START = EventId(0, 0)  # lower than every id
_LARGE = 4096  # bytes
_MOST_PROJECTED = 8  # field sets of one event whose data is kept


class Encoded:
    """An event and its encoded bytes, made on first use.

    The whole event is encoded once and kept. Of projections only the data is kept, for the most
    recent few field sets: their bytes go into one frame, which is kept itself.
    """

    __slots__ = ("_projected", "_wire", "event", "heard_at", "seq")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.seq = 0  # worker-local sequence number; 0 until added to the replay buffer
        self.heard_at = 0.0  # steady time; set by the replay buffer
        self._wire: bytes | None = None
        self._projected: dict[frozenset[str], str] | None = None

    @classmethod
    def of(cls, event: Event) -> "Encoded":
        """Return an event whose bytes are made when they are first asked for."""
        return cls(event)

    @property
    def wire(self) -> bytes:
        """Bytes of the whole event."""
        if self._wire is None:
            self._wire = _bytes(self.event, self.event.data)
        return self._wire

    def release(self) -> None:
        """Drop the bytes of a large event: they would double what it takes in memory."""
        if len(self.event.data) > _LARGE:
            self._wire = self._projected = None

    def projected(self, fields: frozenset[str]) -> bytes:
        """Return the bytes with only these fields; the whole event if no field names it."""
        data = self._data(fields)
        return self.wire if data is self.event.data else _bytes(self.event, data)

    def item(self, fields: frozenset[str] | None) -> bytes:
        """Return the event as an item of a batch; None keeps all fields."""
        return item(self.event, self._data(fields))

    def _data(self, fields: frozenset[str] | None) -> str:
        projection = projection_for(fields, self.event.name)
        if fields is None or projection is None:
            return self.event.data
        made = self._projected.get(fields) if self._projected else None
        if made is None:
            made = project(self.event.data, projection)
            if self._projected is None or len(self._projected) >= _MOST_PROJECTED:
                self._projected = {}
            self._projected[fields] = made
        return made


def id_of(encoded: Encoded) -> EventId:
    """Return the id of an event; LOG_START for one that was not logged."""
    return encoded.event.id or LOG_START


def control_event(name: str, data: Mapping[str, object], *, retry: int | None = None) -> bytes:
    """Encode an event of the protocol itself (hello, gap, ...), which has no id."""
    head = f"event: {name}\n" if retry is None else f"retry: {retry}\nevent: {name}\n"
    return b"%sdata: %s\n\n" % (head.encode(), msgspec.json.encode(data))  # JSON is one line


def _bytes(event: Event, data: str) -> bytes:
    event_id = None if event.id is None else str(event.id)
    return encode(ServerSentEvent(data, event=event.name, id=event_id))
