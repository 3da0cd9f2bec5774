"""Projection: only the requested fields of an event's data. Pure.

A field is `event.field` or, inside of an object, `event.field.key`: `cpu.percent`,
`disk.devices.sda`. An event is projected if at least one requested field begins with its name and
a dot; `host`, `time` and those fields are kept, as they were written, and fields that it does not
have are left out. Other events stay whole.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from dashboard.events.event import NAME, UNNAMED, fields

# The event's name, and the path below it: no controls, and no comma, which separates fields.
FIELD = re.compile(rf"{NAME.pattern}\.[^\x00-\x1f\x7f-\x9f,]{{1,256}}")
_CODES = re.compile(r"%(25|2C|3A|40|7E)", re.IGNORECASE)

# By field: the keys to keep inside of it, None for all.
Projection = Mapping[str, frozenset[str] | None]

_ALWAYS = ("host", "time")
# One level at a time: what is inside stays the text that it was.
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_field(name: str) -> str:
    """Return the name of a figure that stands in a list: of `a%2Cb` it is `a,b`.

    The signs `,` `~` `@` `:` and `%` may be written as percent codes; other codes stay as they are.
    """
    return _CODES.sub(lambda code: chr(int(code[1], 16)), name)


@lru_cache(maxsize=4096)
def projection_for(fields: frozenset[str] | None, name: str | None) -> Projection | None:
    """Return the projection for events of a name (None: unnamed); None keeps them whole."""
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


def project(data: str, projection: Projection) -> str:
    """Return the JSON text of an object with only some fields; other text stays as it is."""
    whole = fields(data, _OBJECT)
    return data if whole is None else msgspec.json.encode(_kept(whole, projection)).decode()


def _kept(whole: dict[str, msgspec.Raw], projection: Projection) -> dict[str, object]:
    found: dict[str, object] = {}
    for field, value in whole.items():
        if field not in projection:
            continue
        keys = projection[field]
        if keys is None:
            found[field] = value
        elif bytes(value).lstrip().startswith(b"{"):
            inside = {k: one for k, one in (fields(value, _OBJECT) or {}).items() if k in keys}
            if inside:
                found[field] = inside
    return found
