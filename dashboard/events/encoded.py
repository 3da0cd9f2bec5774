"""Events of the log and of the protocol as their bytes on the wire."""

from collections.abc import Mapping

import msgspec

from dashboard.events.batch import item
from dashboard.events.event import Event, EventId
from dashboard.events.projection import paths_of, thin
from dashboard.events.sse import ServerSentEvent, encode

NOWHERE = EventId(0, 0)  # before every event
_MOST_THINNED = 8  # of one event; who asks for one more makes room for it


class Encoded:
    """An event of the log and its bytes.

    Whole they are made once, when they are first wanted. Thinned or in a batch they go into one
    frame, which is kept; only its thinned data may be wanted for another one.
    """

    __slots__ = ("_thinned", "_wire", "event", "number")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.number = 0  # its place among all that this worker has seen, once it is among them
        self._wire: bytes | None = None
        self._thinned: dict[frozenset[str], str] | None = None

    @classmethod
    def of(cls, event: Event) -> "Encoded":
        return cls(event)

    @property
    def wire(self) -> bytes:
        """The bytes of the whole event."""
        if self._wire is None:
            self._wire = _bytes(self.event, self.event.data)
        return self._wire

    def thinned(self, fields: frozenset[str]) -> bytes:
        """The bytes with only these fields; of an event that they do not name, all."""
        data = self._data(fields)
        return self.wire if data is self.event.data else _bytes(self.event, data)

    def item(self, fields: frozenset[str] | None) -> bytes:
        """The same as an item of a batch; None for all fields."""
        return item(self.event, self._data(fields))

    def _data(self, fields: frozenset[str] | None) -> str:
        paths = paths_of(fields, self.event.name)
        if fields is None or paths is None:
            return self.event.data
        made = self._thinned.get(fields) if self._thinned else None
        if made is None:
            made = thin(self.event.data, paths)
            if self._thinned is None or len(self._thinned) >= _MOST_THINNED:
                self._thinned = {}
            self._thinned[fields] = made
        return made


def id_of(encoded: Encoded) -> EventId:
    """The id of an event; one that was not logged stands before all others."""
    return encoded.event.id or NOWHERE


def control_event(name: str, data: Mapping[str, object], *, retry: int | None = None) -> bytes:
    """The bytes of an event of the protocol itself; it has no id."""
    text = msgspec.json.encode(data).decode()
    return encode(ServerSentEvent(text, event=name, retry=retry))


def _bytes(event: Event, data: str) -> bytes:
    event_id = None if event.id is None else str(event.id)
    return encode(ServerSentEvent(data, event=event.name, id=event_id))
