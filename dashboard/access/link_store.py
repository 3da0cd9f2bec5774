"""The links that were made or used, and which are revoked: a file (0600) of the instance folder.

A link is good without being in here: its key is signed and says what it covers. The file has what
people know of it (label, last use), and takes the right away. A change takes the lock of the folder
and replaces the file; readers look at the file's time, so each process knows at its next look.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from dashboard.posix.atomic_file import write_atomically
from dashboard.posix.locks import lock

FILE = "links.json"
MOST = 1000
LABEL = r"[^\x00-\x1f\x7f]{0,100}"
PATH = r'/(?![/\\])[!"$-~]{0,1000}'
_USE_PAUSE = 60.0  # seconds between two notes of a link's use
_Mark = tuple[int, int, int] | None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a link: its scope, and times in seconds since 1970."""

    id: str
    label: str = ""
    events: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    made: float
    expires: float
    revoked: float | None = None
    used: float | None = None
    used_from: str | None = None


class LinksFull(Exception):
    """There is no room for another link."""


class LinkStore:
    """The links of one service. Methods that change something block: they wait for lock and disk.

    All raise OSError where the file can't be used, also for one that is damaged.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._cached: tuple[_Mark, dict[str, Link]] = (None, {})
        self._uses: dict[str, Link] = {}  # not written yet

    def links(self) -> dict[str, Link]:
        """Return all links by id, as they are in the file now."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._cached = (None, {})
            return {}
        mark = found.st_mtime_ns, found.st_ino, found.st_size
        if mark != self._cached[0]:
            try:
                read = msgspec.json.decode(self._path.read_bytes(), type=list[Link])
            except ValueError as error:
                raise OSError(0, f"{FILE} is damaged: {error}") from None
            self._cached = mark, {link.id: link for link in read}
        return self._cached[1]

    def revoked_at(self, link_id: str) -> float | None:
        """Return when a link was revoked, or None."""
        link = self.links().get(link_id)
        return None if link is None else link.revoked

    def note_use(self, link: Link) -> None:
        """Remember the use of a link until `take_uses`, unless one was written a moment ago."""
        known = self._cached[1].get(link.id)
        if link.id in self._uses or len(self._uses) >= MOST or not _is_news(link, known):
            return
        self._uses[link.id] = link

    def take_uses(self) -> list[Link]:
        """Return the uses that are to be written, once."""
        uses, self._uses = self._uses, {}
        return list(uses.values())

    def add(self, link: Link) -> None:
        """Write down a new link. Raises LinksFull."""

        def change(links: dict[str, Link]) -> None:
            if not self._has_room(links):
                raise LinksFull(f"{MOST} links are known that have not expired, which is the most")
            links[link.id] = link

        self._change(change)

    def add_uses(self, uses: list[Link]) -> None:
        """Write down that links were used; one that is not known is added where there is room."""

        def change(links: dict[str, Link]) -> None:
            for use in uses:
                known = links.get(use.id)
                if known is None and self._has_room(links):
                    links[use.id] = use
                elif known is not None and _is_news(use, known):
                    links[use.id] = msgspec.structs.replace(
                        known, used=use.used, used_from=use.used_from
                    )

        self._change(change)

    def revoke(self, link_id: str) -> Link:
        """Revoke a link, once for all, and return it. Raises KeyError for one that is not known."""

        def change(links: dict[str, Link]) -> None:
            if links[link_id].revoked is None:
                links[link_id] = msgspec.structs.replace(links[link_id], revoked=self._clock())

        return self._change(change)[link_id]

    def _has_room(self, links: dict[str, Link]) -> bool:
        """Return True if one more may be added; the one that expired first makes room for it."""
        if len(links) >= MOST:
            first = min(links.values(), key=lambda link: link.expires)
            if first.expires > self._clock():
                return False
            del links[first.id]
        return True

    def _change(self, change: Callable[[dict[str, Link]], None]) -> dict[str, Link]:
        folder = self._path.parent
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        # The folder itself is locked: a lock file of root's would keep the service out.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            lock(descriptor)
            before = self.links()
            links = dict(before)
            change(links)
            if links != before:
                write_atomically(self._path, msgspec.json.encode(list(links.values())))
        finally:
            os.close(descriptor)
        return links


def new_id() -> str:
    """Return an id for a new link."""
    return secrets.token_hex(6)


def id_of_old(key: str) -> str:
    """Return the id of a key that has none in it.

    The signature does not count: its last letter has bits that no reader looks at.
    """
    return hashlib.sha256(key.rpartition(".")[0].encode()).hexdigest()[:12]


def with_key(path: str, key: str) -> str:
    """Return a path, maybe with a query, and a key at its end."""
    return f"{path}{'&' if '?' in path else '?'}key={key}"


def _is_news(use: Link, known: Link | None) -> bool:
    last = None if known is None else known.used
    return last is None or use.used is None or not 0 <= use.used - last < _USE_PAUSE
