"""`[[publish]]` and `[[group]]`: who may publish what, by which token, and which users read what.

Users are those whom a trusted proxy names.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .patterns import EVENTS_PATTERN, HOSTS_PATTERN, NAME_ALLOWED, NAME_PATTERN, SECRET_PATTERN
from .tables import WrongTable, named_tables, tables_of
from .types import Kind, matching
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


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Users of one group: patterns of events' names and of hosts, None for all."""

    # Others make the names: "/staff", "Domain Users".
    name: Annotated[
        str,
        Meta(
            pattern=r"^[^\s,\x00-\x1f\x7f](?:[^,\x00-\x1f\x7f]{0,198}[^\s,\x00-\x1f\x7f])?\Z",
            description="a group's name without commas, at most 200 characters",
        ),
    ]
    events: EventPatterns = None
    hosts: HostPatterns = None


def check_users(given: dict[str, Any]) -> None:
    """Raise WrongTable, by the values that are given, where a user could not be told or believed.

    The default of TRUSTED_PROXIES is not enough: every program of this machine is on loopback.
    """
    user, groups = given.get("trusted_user_header"), given.get("trusted_groups_header")
    if user and not given.get("trusted_proxies"):
        raise WrongTable(
            "TRUSTED_USER_HEADER is believed of TRUSTED_PROXIES alone, so these must be set too, "
            "to the addresses of the proxy"
        )
    if groups and not user:
        raise WrongTable("TRUSTED_GROUPS_HEADER is nothing without TRUSTED_USER_HEADER")
    if given.get("group") and not groups:
        raise WrongTable("[[group]] needs TRUSTED_GROUPS_HEADER, the header that names the groups")


PUBLISHERS = Kind(_publishers, "tables [[publish]]", none=())
GROUPS = named_tables("group", lambda table: convert(table, Group))
HEADER_NAME = matching(
    r"[A-Za-z][A-Za-z0-9-]{0,63}", "a header's name of letters, digits and '-', such as Remote-User"
)
