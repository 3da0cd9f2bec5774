"""Many events as one: with `batch=1` what goes out together comes as events named `batch`. Pure.

To a page each event is a task of its own, whatever is in it, and of many machines some thousand
come together. A batch is a JSON list of them, in order:

    [{"id": "1795330299001-0", "event": "cpu", "data": {"host": "web-1", ...}}, ...]

`event` is "message" for an unnamed one; `id` is missing where the log could not take it. The id of
a batch is that of its last logged event, so that a reader goes on behind all of it.
"""

from collections.abc import Iterable, Iterator

import msgspec

from dashboard.events.event import UNNAMED, Event
from dashboard.events.sse import ServerSentEvent, encode

NAME = "batch"
# A period of a large fleet comes as several, so that no page is held up by one of them.
_BYTES = 64 << 10


class _Item(msgspec.Struct, omit_defaults=True, kw_only=True):
    id: str | None = None
    event: str
    data: msgspec.Raw


def item(event: Event, data: str) -> bytes:
    """An event in a batch, with what is wanted of its data."""
    raw = msgspec.Raw(data.encode() if _is_object(data) else msgspec.json.encode(data))
    event_id = None if event.id is None else str(event.id)
    return msgspec.json.encode(_Item(id=event_id, event=event.name or UNNAMED, data=raw))


def _is_object(data: str) -> bool:
    """Whether it is what it should be; what another writer has logged must not spoil the rest."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False
    return data.lstrip(" \t\r\n").startswith("{")


def encode_batches(items: Iterable[tuple[Event, bytes]]) -> bytes:
    """The bytes of events and their items on the wire; none for none."""
    return b"".join(_encode(batch) for batch in _batches(items))


def _batches(items: Iterable[tuple[Event, bytes]]) -> Iterator[list[tuple[Event, bytes]]]:
    batch: list[tuple[Event, bytes]] = []
    size = 0
    for event, made in items:
        if batch and size + len(made) > _BYTES:
            yield batch
            batch, size = [], 0
        batch.append((event, made))
        size += len(made)
    if batch:
        yield batch


def _encode(batch: list[tuple[Event, bytes]]) -> bytes:
    last = next((str(event.id) for event, _ in reversed(batch) if event.id is not None), None)
    data = b"[%b]" % b",".join(made for _, made in batch)
    return encode(ServerSentEvent(data.decode(), event=NAME, id=last))
