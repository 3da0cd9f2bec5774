"""`[[group]]`: what the users may read whom a trusted proxy names, by their groups."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from .publishers import EventPatterns, HostPatterns
from .tables import WrongTable, named_tables
from .types import matching
from .validation import convert


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


GROUPS = named_tables("group", lambda table: convert(table, Group))
HEADER_NAME = matching(
    r"[A-Za-z][A-Za-z0-9-]{0,63}", "a header's name of letters, digits and '-', such as Remote-User"
)
