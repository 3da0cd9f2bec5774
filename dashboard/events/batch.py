"""Batches: with `batch=1` the events of one frame are sent as events named `batch`. Pure.

In a browser each event is a task of its own, and a frame of many machines has thousands. A batch
is a JSON list of events, in order:

    [{"id": "1795330299001-0", "event": "cpu", "data": {"host": "web-1", ...}}, ...]

`event` is "message" for an unnamed one; `id` is missing if the log could not take the event. The id
of a batch is that of its last logged event, so that a reader resumes after all of it.
"""

from collections.abc import Iterable, Iterator

import msgspec

from dashboard.events.event import UNNAMED, Event, fields
from dashboard.events.sse import ServerSentEvent, encode

NAME = "batch"
# A frame of a large fleet is sent as several batches, so that none of them holds up a page.
_BYTES = 64 << 10
_RAW = msgspec.json.Decoder(msgspec.Raw)


class _Item(msgspec.Struct, omit_defaults=True, kw_only=True):
    id: str | None = None
    event: str
    data: msgspec.Raw


def item(event: Event, data: str) -> bytes:
    """Return an event as an item of a batch, with its projected data."""
    # A text that is no JSON object, which only another program can have logged, goes as a string.
    is_object = fields(data, _RAW) is not None and data.lstrip(" \t\r\n").startswith("{")
    raw = msgspec.Raw(data.encode() if is_object else msgspec.json.encode(data))
    event_id = None if event.id is None else str(event.id)
    return msgspec.json.encode(_Item(id=event_id, event=event.name or UNNAMED, data=raw))


def encode_batches(items: Iterable[tuple[Event, bytes]]) -> bytes:
    """Encode events and their items as batches for the wire; b"" for none."""
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
