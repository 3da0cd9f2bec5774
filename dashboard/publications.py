"""What others may publish: from a request's body to events for the log, or to the reason why not.

A published event is an object like those of /history:

    {"event": "deploy", "host": "web-1", "time": 1795330299.5, "data": {"version": "1.2"}}

Only `data` must be there. Without `event` (or with "message", which is what EventSource calls it)
the event is unnamed; `host` is else the machine that serves, `time` is else now, in seconds since
1970. What is logged is `data` with `host` and `time` in it; they may stand there to begin with, so
that an event can be passed on as it came.

The names of the machines' own figures are reserved, but for an agent: it sends those of its own
machine, its alerts, and what its settings have it scrape and run, all of its own host.
"""

import reprlib
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from dashboard.alerts.model import EVENT as ALERT
from dashboard.alerts.model import decode_alert
from dashboard.alerts.silences import EVENT as SILENCE
from dashboard.errors import ClientError
from dashboard.events.event import NAME, PROTOCOL_NAMES, UNNAMED, Event, check_host
from dashboard.events.strict_json import (
    check_keys,
    decode,
    decode_at,
    encode_utf8,
    skip_space,
    text_of,
)
from dashboard.metrics import FAMILIES
from dashboard.metrics.catalogue.levels import RULES
from dashboard.metrics.validation import validate_metrics

MOST_BYTES = 1 << 20  # of a body
MOST_EVENT_BYTES = 64 << 10  # of an event's data, as it is logged
MOST_EVENTS = 1000  # of a batch
_SMALL = 48 << 10  # characters

KEYS = ("event", "host", "time", "data")
FAMILY_NAMES = frozenset({family.name for family in FAMILIES})
PROGRESS = "progress"  # as in jobs/model.py
AGENTS_NAMES = FAMILY_NAMES | {ALERT, RULES}
_NOT_AGENTS = frozenset({"log", "notice", PROGRESS})
# Beside the protocol's own names: those at which EventSource itself calls a page's functions.
RESERVED = FAMILY_NAMES | PROTOCOL_NAMES | {"open", "error", RULES, SILENCE}
RESERVED_PREFIX = "screen."
_LONGEST_NAME = 64  # characters
LATEST_TIME = 253_402_300_799  # the end of the year 9999


def read_events(
    body: bytes,
    *,
    lines: bool,
    host: str,
    now: float,
    is_agent: bool = False,
    publisher: str | None = None,
) -> list[Event]:
    """The events of a body: one object, a list, or with `lines` one object a line (NDJSON).

    `host` and `now` (seconds since 1970) are for events that don't have their own; an agent's are
    all of `host`. A job's step is noted to be of the token `publisher`. Raises ClientError for the
    first event that is wrong, with its index in the batch; then none of it may be logged.
    """
    now = round(now, 3)
    read = partial(_agents_event, host=host, now=now)
    if not is_agent:
        read = partial(_event, host=host, now=now, publisher=publisher)
    text = text_of(body)
    start = skip_space(text, 0)
    if not lines and text[start : start + 1] != "[":
        return [read(decode(text))]
    if not lines and not text.rstrip(" \t\r\n").endswith("]"):
        raise ClientError(400, "not JSON: the list has no end, or something follows it")
    values = _lines(text) if lines else _items(text, start)
    events: list[Event] = []
    try:
        for value in values:
            if len(events) == MOST_EVENTS:
                raise ClientError(413, f"a batch has at most {MOST_EVENTS} events")
            events.append(read(value))
    except ClientError as error:
        index = len(events)
        detail = f"event {index}: {error.detail}"
        raise ClientError(error.status, detail, key=error.key, index=index) from None
    if not events:
        raise ClientError(422, "an empty batch: it has at least one event")
    return events


def _lines(text: str) -> Iterator[Any]:
    for line in text.split("\n"):
        if line.strip(" \t\r"):
            yield decode(line)


def _items(text: str, start: int) -> Iterator[Any]:
    """The items of a list that begins at a character, each decoded when it is asked for.

    Those of a small text are decoded at once, in a third of the time, if nothing is wrong in it.
    """
    if len(text) <= _SMALL:
        with suppress(ClientError):
            yield from decode(text)
            return
    at = skip_space(text, start + 1)
    if text[at : at + 1] == "]":
        at += 1
    else:
        while True:
            value, at = decode_at(text, at)
            yield value
            if text[at : at + 1] not in (",", "]"):
                at = skip_space(text, at)
            mark = text[at : at + 1]
            at += 1
            if mark == "]":
                break
            if mark != ",":
                raise ClientError(400, f"not JSON: expecting ',' or ']' at character {at - 1}")
            if text[at : at + 1] != "{":
                at = skip_space(text, at)
    if skip_space(text, at) != len(text):
        raise ClientError(400, f"not JSON: something follows the list, at character {at}")


def _event(value: Any, *, host: str, now: float, publisher: str | None) -> Event:
    data, name = _data(value), value.get("event")
    is_short = isinstance(name, str) and len(name) <= _LONGEST_NAME
    name = (_known_event_name if is_short else event_name)(name)
    if name == PROGRESS and publisher is not None and "job" in data:
        data["publisher"] = publisher
    return _logged(value, data, name, host, now)


def _agents_event(value: Any, *, host: str, now: float) -> Event:
    data = _data(value)
    name = value.get("event")
    if not isinstance(name, str) or name not in AGENTS_NAMES:
        name = event_name(name)
    if name is None or name in _NOT_AGENTS:
        raise ClientError(422, f"event={name!r}: an agent sends none such", key="event")
    event = _logged(value, data, name, host, now)
    if event.host != host:
        raise ClientError(
            422, f"host={event.host!r}: the agent of {host} sends events of {host}", key="host"
        )
    if name in FAMILY_NAMES:
        validate_metrics(name, data)
    elif name == ALERT and decode_alert(event) is None:
        raise ClientError(422, "data: no alert: it has at least `alert` and `state`", key="data")
    return event


def _data(value: Any) -> dict[str, Any]:
    """The fields of an event that somebody sent."""
    if not isinstance(value, dict):
        raise ClientError(422, f"an event is an object with the keys {', '.join(KEYS)}")
    check_keys(value, KEYS)
    data = value.get("data")
    if not isinstance(data, dict):
        raise ClientError(422, "data is missing or no object: an object is wanted", key="data")
    return data


def _logged(
    value: dict[str, Any], data: dict[str, Any], name: str | None, host: str, now: float
) -> Event:
    """The event as it is logged: its data with host and time in it."""
    own_host, time = _own(value, data, "host"), _own(value, data, "time")
    if own_host is not None and own_host != host:
        host = check_host(own_host)
    whole: dict[str, Any] = {"host": None, "time": None, **data}  # these two first
    whole["host"], whole["time"] = host, now if time is None else _time(time)
    logged = encode_utf8(whole)
    if len(logged) > MOST_EVENT_BYTES:
        raise ClientError(
            413, f"data has {len(logged)} bytes as JSON; at most {MOST_EVENT_BYTES}", key="data"
        )
    return Event(host, name, logged.decode())


def event_name(name: Any) -> str | None:
    """The name under which an event may be published; None if it is unnamed. Raises ClientError."""
    if name is None or name == UNNAMED:
        return None
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ClientError(
            422,
            f"event={reprlib.repr(name)}: wanted is a name of a-z, then a-z, 0-9, '_', '.' or '-', "
            "at most 64 characters",
            key="event",
        )
    if name in RESERVED or name.startswith(RESERVED_PREFIX):
        raise ClientError(
            422,
            f"event={name!r}: this name is reserved, as are {', '.join(sorted(RESERVED))} and all "
            f"that begin with {RESERVED_PREFIX!r}",
            key="event",
        )
    return name


_known_event_name = lru_cache(maxsize=4096)(event_name)


def _own(value: dict[str, Any], data: dict[str, Any], key: str) -> Any:
    """A field that stands beside `data` or in it, or in both alike; None where it does not."""
    beside, inside = value.get(key), data.get(key)
    if beside is not None and inside is not None and beside != inside:
        raise ClientError(422, f"{key} is there twice, and differs in data", key=key)
    return inside if beside is None else beside


def _time(time: Any) -> int | float:
    is_number = isinstance(time, int | float) and not isinstance(time, bool)
    if not is_number or not 0 <= time <= LATEST_TIME:
        raise ClientError(
            422,
            f"time={reprlib.repr(time)}: wanted are seconds since 1970 (not milliseconds)",
            key="time",
        )
    return time  # type: ignore[no-any-return]
