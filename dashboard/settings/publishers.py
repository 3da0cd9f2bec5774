"""`[[publish]]`: who may publish what, by which token."""

import dataclasses
import re
import reprlib
from dataclasses import dataclass
from typing import Any

from .patterns import EVENTS_PATTERN, HOSTS_PATTERN, NAME_PATTERN, SECRET_PATTERN
from .tables import WrongTable, check_keys, tables_of
from .types import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Somebody who may publish: patterns of events' names and of hosts, None for all.

    The token is left out of its own repr, which may end up in a log.
    """

    name: str
    token: str = dataclasses.field(repr=False)
    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None


def _publishers(text: str) -> tuple[Publisher, ...]:
    found: list[Publisher] = []
    for number, table in enumerate(tables_of(text, "publish"), start=1):
        publisher = _publisher(table, number)
        for other in found:
            for key in ("name", "token"):
                if getattr(other, key) == getattr(publisher, key):
                    raise WrongTable(f"token {publisher.name!r}: another has the same {key}")
        found.append(publisher)
    return tuple(found)


def _publisher(table: dict[str, Any], number: int) -> Publisher:
    name = table.get("name")
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise WrongTable(
            f"token number {number}: name: allowed are letters, digits, '.', '_' and '-', "
            "at most 64"
        )
    check_keys(table, ("name", "token", "events", "hosts"), f"token {name!r}: ")
    token = table.get("token")
    if not isinstance(token, str) or not re.fullmatch(SECRET_PATTERN, token):
        raise WrongTable(
            f"token {name!r}: token (not shown, as it is a secret): "
            "allowed is 16 to 512 visible ASCII characters"
        )
    limits = {}
    for key, pattern, allowed in (
        ("events", EVENTS_PATTERN, 'names of events such as ["deploy", "build.*"]'),
        ("hosts", HOSTS_PATTERN, 'names of hosts such as ["db-1", "web-*"]'),
    ):
        items = table.get(key)
        if items is not None and not (
            isinstance(items, list)
            and 0 < len(items) <= 100
            and all(isinstance(item, str) and re.fullmatch(pattern, item) for item in items)
        ):
            raise WrongTable(
                f"token {name!r}: {key}={reprlib.repr(items)}: "
                f"allowed is a list of 1 to 100 {allowed}"
            )
        limits[key] = None if items is None else tuple(items)
    return Publisher(name=name, token=token, **limits)


PUBLISHERS = Kind(_publishers, "tables [[publish]]", none=())
