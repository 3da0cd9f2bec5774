"""Events of the log and of the protocol as their bytes on the wire."""

from collections.abc import Mapping

import msgspec

from dashboard.batches import item
from dashboard.event import Event, EventId
from dashboard.fields import paths_of, thin
from dashboard.sse import ServerSentEvent, encode

# Which fields, None for all, and whether in a batch.
_Form = tuple[frozenset[str] | None, bool]

NOWHERE = EventId(0, 0)  # before every event
_MOST_FORMS = 8  # of one event; who asks for one more makes room for it


class Encoded:
    """An event of the log and its bytes in each form, made once, when it is first wanted."""

    __slots__ = ("_forms", "_wire", "event", "number")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.number = 0  # its place among all that this worker has seen, once it is among them
        self._wire: bytes | None = None
        self._forms: dict[_Form, bytes] | None = None

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
        if paths_of(fields, self.event.name) is None:
            return self.wire
        return self._form((fields, False))

    def item(self, fields: frozenset[str] | None) -> bytes:
        """The same as an item of a batch; None for all fields."""
        if paths_of(fields, self.event.name) is None:
            fields = None
        return self._form((fields, True))

    def _form(self, form: "_Form") -> bytes:
        made = self._forms.get(form) if self._forms else None
        if made is None:
            fields, in_batch = form
            paths = paths_of(fields, self.event.name)
            data = self.event.data if paths is None else thin(self.event.data, paths)
            made = (item if in_batch else _bytes)(self.event, data)
            if self._forms is None or len(self._forms) >= _MOST_FORMS:
                self._forms = {}
            self._forms[form] = made
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
