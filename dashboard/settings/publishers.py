"""`[[publish]]`: who may publish what, by which token."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .patterns import EVENTS_PATTERN, HOSTS_PATTERN, NAME_ALLOWED, NAME_PATTERN, SECRET_PATTERN
from .tables import WrongTable, tables_of
from .types import Kind
from .validation import InvalidField, convert

_MAIN = "PUBLISH_TOKEN"
_Event = Annotated[str, Meta(pattern=f"^{EVENTS_PATTERN}\\Z")]
_Host = Annotated[str, Meta(pattern=f"^{HOSTS_PATTERN}\\Z")]
EventPatterns = Annotated[
    Annotated[tuple[_Event, ...], Meta(min_length=1, max_length=100)] | None,
    Meta(description='a list of 1 to 100 names of events such as ["deploy", "build.*"]'),
]
HostPatterns = Annotated[
    Annotated[tuple[_Host, ...], Meta(min_length=1, max_length=100)] | None,
    Meta(description='a list of 1 to 100 names of hosts such as ["db-1", "web-*"]'),
]


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may publish: patterns of events' names and of hosts, None for all."""

    name: Annotated[str, Meta(pattern=f"^{NAME_PATTERN}\\Z", description=NAME_ALLOWED)]
    token: Annotated[
        str,
        Meta(
            pattern=f"^{SECRET_PATTERN}\\Z",
            description="16 to 512 visible ASCII characters",
            extra={"secret": True},
        ),
    ]
    events: EventPatterns = None
    hosts: HostPatterns = None

    def __repr__(self) -> str:
        """Return it without the token: it may end up in a log."""
        return f"Publisher({self.name!r})"


def _publishers(text: str) -> tuple[Publisher, ...]:
    found: list[Publisher] = []
    for number, table in enumerate(tables_of(text, "publish"), start=1):
        publisher = _publisher(table, number)
        if publisher.name == _MAIN:
            raise WrongTable(f"token {_MAIN!r}: this is the name of the setting's own token")
        for other in found:
            for key in ("name", "token"):
                if getattr(other, key) == getattr(publisher, key):
                    raise WrongTable(f"token {publisher.name!r}: another has the same {key}")
        found.append(publisher)
    return tuple(found)


def _publisher(table: dict[str, Any], number: int) -> Publisher:
    try:
        return convert(table, Publisher)
    except InvalidField as error:
        which = f"number {number}" if error.key == "name" else repr(table.get("name"))
        raise WrongTable(f"token {which}: {error}") from None


PUBLISHERS = Kind(_publishers, "tables [[publish]]", none=())
