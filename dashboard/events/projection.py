"""Thinning: of an event's data only the fields that a reader asked for. Pure.

A field is named as `event.field` or, inside of an object, `event.field.key`: `cpu.percent`,
`disk.devices.sda`. An event is thinned when its name and a dot begin at least one of the reader's
items; `host`, `time` and those fields are left of it, as they were written, and what it does not
have is left out. Events that no item names are whole.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from dashboard.events.event import NAME, UNNAMED

# The event's name, and the path below it: visible ASCII but for the comma.
FIELD = re.compile(rf"{NAME.pattern}\.[!-+\--~]{{1,64}}")

# By field: None for all of it, else the keys inside of it that are wanted.
Paths = Mapping[str, frozenset[str] | None]

_ALWAYS = ("host", "time")
# One level at a time: what is inside stays the text that it was.
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


@lru_cache(maxsize=4096)
def paths_of(fields: frozenset[str] | None, name: str | None) -> Paths | None:
    """What is wanted of the events of a name (None for the unnamed); None for all of it."""
    prefix = f"{name or UNNAMED}."
    paths = [item.removeprefix(prefix) for item in fields or () if item.startswith(prefix)]
    if not paths:
        return None
    wanted: dict[str, frozenset[str] | None] = dict.fromkeys(_ALWAYS)
    for path in paths:
        field, _, key = path.partition(".")
        keys = wanted.get(field, frozenset())
        wanted[field] = keys | {key} if key and keys is not None else None
    return wanted


def thin(data: str, paths: Paths) -> str:
    """The text of a JSON object with only some of its fields; what is no object stays as it is."""
    try:
        whole = _OBJECT.decode(data)
        return msgspec.json.encode(_chosen(whole, paths)).decode()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return data


def _chosen(whole: dict[str, msgspec.Raw], paths: Paths) -> dict[str, object]:
    found: dict[str, object] = {}
    for field, value in whole.items():
        if field not in paths:
            continue
        keys = paths[field]
        if keys is None:
            found[field] = value
        elif bytes(value).lstrip().startswith(b"{"):
            inside = {key: one for key, one in _OBJECT.decode(value).items() if key in keys}
            if inside:
                found[field] = inside
    return found
