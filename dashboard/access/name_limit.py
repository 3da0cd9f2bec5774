"""Places for the names of one kind that publishers choose: of each owner and in all. Pure.

A name that is in the log has its place. A new one takes a place at once, before its event is there:
many requests are under way at the same time. The owner of a name is its token (or its host). Where
the log does not tell whose a name is, each worker counts what it has let through since it started.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable
from itertools import islice
from typing import Generic, TypeVar

from dashboard.errors import ClientError

Name = TypeVar("Name", bound=Hashable)

_UNDER_WAY = 10.0  # seconds after which a name that has not come is taken to have failed
_LOOK = 1.0  # seconds between two looks at what an owner's names have become


class LimitReached(ClientError):
    """Something that finds no room; `reason` is what it is counted under."""

    def __init__(
        self, reason: str, status: int, detail: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(status, detail, retry_after=retry_after)
        self.reason = reason


class NameLimit(Generic[Name]):
    """At most `most` names, and of each owner half as many, or `most_each`."""

    def __init__(
        self,
        reason: str,
        what: str,
        *,
        is_known: Callable[[Name], bool],
        known: Callable[[], int] = lambda: 0,
        known_of: Callable[[str], int] | None = None,
        most: float,
        most_each: int | None = None,
        room: str = "its last event is older than RETENTION",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`is_known`, `known` and `known_of` ask the log: of a name, of all, and of an owner's.

        `room` says when a name leaves its place.
        """
        self._reason = reason
        self._what = what
        self._is_known = is_known
        self._known = known
        self._known_of = known_of
        self._most = most
        self._room = room
        self._most_each = most // 2 if most_each is None else most_each
        self._monotonic = monotonic
        self._under_way: dict[Name, tuple[float, str]] = {}  # since when, and whose
        self._under_way_of: Counter[str] = Counter()
        self._taken: dict[str, dict[Name, None]] = {}  # by owner
        self._looked_at: dict[str, float] = {}

    def take(self, name: Name, owner: str) -> bool:
        """Take a place for a name; False if it has one. Raises LimitReached(409)."""
        if name in self._under_way or self._is_known(name):
            return False
        self._settle()
        if self._known() + len(self._under_way) >= self._most:
            raise self._full(name, f"there are {self._most} {self._what} already")
        if self._count_of(owner) >= self._most_each:
            raise self._full(name, f"{owner} has {self._most_each:.0f} {self._what} already")
        self._under_way[name] = self._monotonic(), owner
        self._under_way_of[owner] += 1
        if self._known_of is None:
            self._taken.setdefault(owner, {})[name] = None
        return True

    def give_back(self, name: Name, owner: str) -> None:
        """Undo `take`: the name was not published after all."""
        if name in self._under_way:
            self._end(name)
        self._taken.get(owner, {}).pop(name, None)

    def _full(self, name: Name, why: str) -> LimitReached:
        text = (
            " of ".join(str(part or "message") for part in name[::-1])
            if isinstance(name, tuple)
            else name
        )
        return LimitReached(
            self._reason,
            409,
            f"{text} is new, and {why}, which is the most; one makes room when {self._room}",
        )

    def _count_of(self, owner: str) -> int:
        if self._known_of is not None:
            return self._known_of(owner) + self._under_way_of[owner]
        if len(self._taken.get(owner, ())) >= self._most_each:
            self._look_through(owner)
        return len(self._taken.get(owner, ()))

    def _look_through(self, owner: str) -> None:
        """Forget the names of an owner that have left the log."""
        now = self._monotonic()
        if now - self._looked_at.get(owner, -_LOOK) >= _LOOK:
            self._looked_at[owner] = now
            names = self._taken[owner]
            kept = (name for name in names if name in self._under_way or self._is_known(name))
            self._taken[owner] = dict.fromkeys(kept)

    def _settle(self) -> None:
        """Let go of the names at the front that are in the log by now, or won't be."""
        long_ago = self._monotonic() - _UNDER_WAY
        while self._under_way:
            ((name, (since, _)),) = islice(self._under_way.items(), 1)
            if since > long_ago and not self._is_known(name):
                return
            self._end(name)

    def _end(self, name: Name) -> None:
        _, owner = self._under_way.pop(name)
        self._under_way_of[owner] -= 1
        if not self._under_way_of[owner]:
            del self._under_way_of[owner]
