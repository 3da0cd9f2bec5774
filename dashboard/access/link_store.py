"""The links that were made or used, and which are revoked: `links.json` of the instance folder.

A link is good without being in here: its key is signed and says what it covers. The file has what
people know of it (label, last use), and takes the right away.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_plus

import msgspec

from dashboard.access.right_store import Right, RightStore, Seconds

KEY = "key"  # of a query
FILE = "links.json"
MOST = 1000
LABEL = r"[^\x00-\x1f\x7f]{0,100}"
PATH = r'/(?![/\\])[!"$-~]{0,1000}'


class Link(Right, frozen=True, kw_only=True):
    """What is known of a link: its scope, and times in seconds since 1970."""

    label: str = ""
    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    expires: Seconds


class LinksFull(Exception):
    """There is no room for another link."""


class LinkStore(RightStore[Link]):
    """The links of one service."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(path, Link, clock)

    def revoked_at(self, link_id: str) -> float | None:
        """Return when a link was revoked, or None."""
        link = self.rights().get(link_id)
        return None if link is None else link.revoked

    def add(self, link: Link) -> None:
        """Write down a new link. Raises LinksFull."""

        def change(links: dict[str, Link]) -> None:
            if not self._has_room(links):
                raise LinksFull(f"{MOST} links are known that have not expired, which is the most")
            links[link.id] = link

        self._change(change)

    def revoke(self, link_id: str) -> Link:
        """Revoke a link, once for all, and return it. Raises KeyError for one that is not known."""

        def change(links: dict[str, Link]) -> None:
            if links[link_id].revoked is None:
                links[link_id] = msgspec.structs.replace(links[link_id], revoked=self._clock())

        return self._change(change)[link_id]

    def _joined(self, one: Link, other: Link) -> Link:
        joined = super()._joined(one, other)
        return msgspec.structs.replace(joined, label=one.label or other.label)

    def _tidy(self, rights: dict[str, Link]) -> None:
        """Keep the most that there may be: good ones are good without, revoked ones are not."""
        now = self._clock()

        def worth(link: Link) -> tuple[bool, bool, float, str]:
            return link.expires > now, link.revoked is not None, link.made, link.id

        for link in sorted(rights.values(), key=worth)[: max(0, len(rights) - MOST)]:
            del rights[link.id]

    def _add_unknown(self, rights: dict[str, Link], use: Link) -> None:
        if self._has_room(rights):
            rights[use.id] = use

    def _has_room(self, links: dict[str, Link]) -> bool:
        """Return True if one more may be added; the one that expired first makes room for it."""
        if len(links) >= MOST:
            first = min(links.values(), key=lambda link: link.expires)
            if first.expires > self._clock():
                return False
            del links[first.id]
        return True


def new_id() -> str:
    """Return an id for a new link."""
    return secrets.token_hex(6)


def id_of_old(key: str) -> str:
    """Return the id of a key that has none in it.

    The signature does not count: its last letter has bits that no reader looks at.
    """
    return hashlib.sha256(key.rpartition(".")[0].encode()).hexdigest()[:12]


def with_key(path: str, key: str) -> str:
    """Return a path, maybe with a query, and a key at its end, in place of one that is there."""
    path, _, query = path.partition("?")
    others = without_key(query)
    return f"{path}?{others}{'&' if others else ''}{KEY}={key}"


def without_key(query: str) -> str:
    """Return a query, as clients write it, without the key of a link."""
    pairs = (pair for pair in query.split("&") if pair)
    return "&".join(pair for pair in pairs if unquote_plus(pair.partition("=")[0]) != KEY)
