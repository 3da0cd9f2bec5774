"""Users whom a trusted proxy has signed in, and names in a header; what their groups may read.

Whoever writes this header is believed to be anybody, so it counts for nothing unless the peer that
sent the request is a trusted proxy itself: `trusted_proxies.py` looks before it puts the client's
address in place of the peer's. A header that comes twice is joined by a comma, and one of the two
may be the client's own: a user's name has none. The worker refuses the second (`server/refusals`).
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from dashboard.access.trusted_proxies import TRUSTED_PEER
from dashboard.events.scope import FULL, Scope, union_of
from dashboard.settings import Settings

_MOST_NAME = 200  # characters
_MOST_GROUPS = 8190  # characters, of all
# Not `{http.reverse_proxy.header.Remote-User}`, which Caddy 2.6 writes where nobody is named.
_NAME = re.compile(r"[^,{}\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ProxyUser(NamedTuple):
    """A user: his name, and what he may read; None is nothing, for the reason `trouble`."""

    name: str
    scope: Scope | None
    trouble: str = ""


class ProxyUsers:
    """The users of one service."""

    def __init__(self, settings: Settings) -> None:
        self._user_header = settings.trusted_user_header
        self._groups_header = settings.trusted_groups_header
        self._scopes = {group.name: Scope(group.events, group.hosts) for group in settings.group}

    @property
    def are_wanted(self) -> bool:
        """Whether users are read at all."""
        return bool(self._user_header)

    def user_of(self, environ: Mapping[str, Any]) -> ProxyUser | None:
        """Return the user of a request; None where no trusted proxy names one."""
        if not self._user_header or not environ.get(TRUSTED_PEER):
            return None
        given = _header(environ, self._user_header)
        if given == "":
            return None
        if given is None or len(given) > _MOST_NAME or not _NAME.fullmatch(given):
            wanted = f"one name in UTF-8 without commas and braces, at most {_MOST_NAME} characters"
            return ProxyUser("", None, f"{self._user_header} of the proxy is not {wanted}")
        if not self._scopes:
            return ProxyUser(given, FULL)
        groups = _header(environ, self._groups_header)
        if groups is None or len(groups) > _MOST_GROUPS:
            wanted = f"names in UTF-8 with commas between, at most {_MOST_GROUPS} characters"
            return ProxyUser(given, None, f"{self._groups_header} of the proxy is not {wanted}")
        named = {group.strip() for group in groups.split(",")}
        scopes = [scope for group, scope in self._scopes.items() if group in named]
        if not scopes:
            return ProxyUser(given, None, f"{given} is in none of the groups that may read here")
        return ProxyUser(given, union_of(scopes))


def _header(environ: Mapping[str, Any], name: str) -> str | None:
    """Return a header's text, "" for none; None where it is not UTF-8, which WSGI does not know."""
    value = environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")
    try:
        return str(value).encode("latin-1").decode("utf-8").strip()
    except UnicodeError:
        return None
