"""`[[publish]]` and `[[group]]`: who may publish what, by which token, and which users read what.

Users are those whom a trusted proxy names.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .fields import Name
from .patterns import EVENTS_PATTERN, HOSTS_PATTERN, SECRET_PATTERN
from .tables import WrongTable, named_tables
from .types import matching
from .validation import SECRET, convert, invalid

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

    name: Name
    token: Annotated[
        str,
        Meta(
            pattern=f"^{SECRET_PATTERN}\\Z",
            description="16 to 512 visible ASCII characters",
            extra=SECRET,
        ),
    ]
    events: EventPatterns = None
    hosts: HostPatterns = None

    def __repr__(self) -> str:
        """Return it without the token: it may end up in a log."""
        return f"Publisher({self.name!r})"


def _publisher(table: dict[str, Any]) -> Publisher:
    if table.get("name") == _MAIN:
        raise invalid(Publisher, "name", table, "another than that of the setting's own token")
    return convert(table, Publisher)


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


PUBLISHERS = named_tables("publish", _publisher, unique=("name", "token"))
GROUPS = named_tables("group", lambda table: convert(table, Group))
HEADER_NAME = matching(
    r"[A-Za-z][A-Za-z0-9-]{0,63}", "a header's name of letters, digits and '-', such as Remote-User"
)
